/* SPDX-License-Identifier: Apache-2.0 */
/* Where this system's OpenSSL looks for what brings PKCS#11 into its programs. */
#ifndef BASE_CRYPTO_PLUGINS_H
#define BASE_CRYPTO_PLUGINS_H

/* The folder of engines (OpenSSL 1 and 3), and that of providers (3); "" if OpenSSL does not say. */
const char *crypto_engines_folder(void);
const char *crypto_providers_folder(void);

#endif
