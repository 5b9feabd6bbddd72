/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto_plugins.h"

#include <openssl/crypto.h>

static const char *text_of(int what)
{
	const char *text = OPENSSL_info(what);

	return text ? text : "";
}

const char *crypto_engines_folder(void)
{
	return text_of(OPENSSL_INFO_ENGINES_DIR);
}

const char *crypto_providers_folder(void)
{
	return text_of(OPENSSL_INFO_MODULES_DIR);
}
