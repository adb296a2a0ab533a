/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration keys that users know (README, Keys). Sources are asked one after the
 * other, the most important first; the first that gives a key decides it. Whatever is unknown or
 * malformed stops with a sentence.
 */
#ifndef NET_BOOT_CONFIG_H
#define NET_BOOT_CONFIG_H

#include "core/err.h"
#include "core/frame.h"
#include "core/sha256.h"
#include "core/types.h"
#include "net/uri.h"

#define CONFIG_URL_MAX (URI_MAX + 1) /* bytes of each value, the NUL included */
#define CONFIG_INITRD_MAX 16384
#define CONFIG_CMDLINE_MAX 4096
#define CONFIG_DIGESTS_MAX 8

enum config_key {
	CONFIG_URL,
	CONFIG_INITRD,
	CONFIG_CMDLINE,
	CONFIG_FETCH,
	CONFIG_SHA256,
	CONFIG_CSUM,
	CONFIG_FEATURES,
	CONFIG_IP,
	CONFIG_DEADLINE,
	CONFIG_NBP,
	CONFIG_KEYS,
};

/* Their names in that order ("url"): for sources that have to ask for each. */
extern const char *const config_names[CONFIG_KEYS];

/*
 * NUL-terminated values as the user wrote them, variables not yet replaced. "" means off or absent;
 * config_has() tells which.
 */
struct config {
	uint32_t set; /* 1 << enum config_key */
	char url[CONFIG_URL_MAX];
	char fetch[CONFIG_URL_MAX];
	char initrd[CONFIG_INITRD_MAX]; /* URLs, separated by spaces */
	char cmdline[CONFIG_CMDLINE_MAX];
	uint8_t sha256[CONFIG_DIGESTS_MAX][SHA256_LEN];
	uint32_t digests;          /* 0: none is required */
	enum csum_policy csum;     /* AUTO if absent */
	uint64_t features;         /* all ones if absent */
	uint32_t deadline_ms;      /* 60000 if absent */
	bool nbp;                  /* what `url` names may be a boot program */
	bool ip_static;            /* false: DHCP */
	uint8_t prefix;            /* 1 … 32 */
	uint32_t ip, gateway, dns; /* host order; dns 0: none; any gateway but ip */

	/* For checking values with variables in them; nobody else's. */
	char check_text[CONFIG_URL_MAX > CONFIG_CMDLINE_MAX ? CONFIG_URL_MAX : CONFIG_CMDLINE_MAX];
	struct uri check_uri;
	struct failure check_failure;
};

void config_init(struct config *c);

/* Whether a source has given the key, if only to switch it off. */
bool config_has(const struct config *c, enum config_key key);

/*
 * One key from one source; source names it to the user ("fw_cfg"). Trailing white space and NULs
 * are cut. A key that an earlier call has set keeps its value, but the new one is checked all the
 * same. 0; ERR_CONFIG, with a sentence, for what is unknown or malformed.
 */
int config_set(struct config *c, const char *source, const char *key, size_t key_len,
	       const char *value, size_t value_len, struct failure *f) MUST_CHECK;

#endif
