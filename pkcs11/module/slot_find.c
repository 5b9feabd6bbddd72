/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/slot_find.h"

#include "apdu/local.h"
#include "base/log.h"
#include "pkcs11/module/module.h"
#include "pkcs11/module/readers.h"

enum err p11_slots_find(struct apdu_readers *now, bool may_add)
{
	enum err e = p11_readers_list(p11_module.conf, now);

	if (e == ERR_NO_SERVICE) {
		log_line(LOG_P11, LOG_WARN, "no readers: %s", err_text(e));
		now->n = 0;
		e = ERR_OK;
	}
	p11_module_lock();
	may_add = may_add || !p11_module.slots.listed;
	for (size_t i = 0; may_add && !e && i < now->n; i++)
		if (local_is_admitted(&now->v[i], &p11_module.conf->module.readers))
			e = p11_slots_add_locked(&p11_module.slots, p11_module.conf, &now->v[i]);
	p11_module.slots.listed = true;
	p11_module_unlock();
	return e;
}
