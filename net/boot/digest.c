/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests of the files that a boot loads, and the decision by them. The bytes came from servers,
 * and lie in memory that the device cannot write to: it was never given it, or has been reset.
 * Called by netboot.c, and in net_wait().
 */
#include "core/assert.h"
#include "core/mem.h"
#include "net/boot/digest.h"

#define PIECE 4096 /* bytes: a frame that comes meanwhile waits for some microseconds */

/* Of what there is of a file, at most so many bytes more. False: there is nothing left. */
static bool digest_more(struct netboot_file *file, uint64_t most)
{
	uint64_t left = file->len - file->sha.len;

	assert(file->sha.len <= file->len);
	if (left == 0)
		return false;
	sha256_update(&file->sha, file->at + file->sha.len, (size_t)(left < most ? left : most));
	return true;
}

/* Which files are digested: of the key `fetch` its one, else those that the key `sha256` lists. */
static uint32_t wanted(const struct netboot *nb)
{
	return nb->config->fetch[0] ? 1 : nb->config->digests;
}

bool digest_piece(void *ctx)
{
	struct netboot *nb = ctx;

	if (nb->image.extent.at) {
		nb->file[nb->files].at = nb->image.extent.at;
		nb->file[nb->files].len = nb->image.stored;
	}
	for (uint32_t i = 0; i < wanted(nb); i++)
		if (digest_more(&nb->file[i], PIECE))
			return true;
	return false;
}

int digest_check(struct netboot *nb, uint32_t i, char hex[SHA256_HEX_LEN])
{
	struct netboot_file *file = &nb->file[i];
	uint8_t digest[SHA256_LEN];
	char required[SHA256_HEX_LEN];

	digest_more(file, file->len);
	sha256_final(&file->sha, digest);
	sha256_text(hex, digest);
	if (i >= nb->config->digests || memcmp(digest, nb->config->sha256[i], SHA256_LEN) == 0)
		return 0;
	return fail(nb->failure, RUNG_DIGEST, ERR_DIGEST,
		    "file %u of %u has SHA-256 %s, but %s is required; nothing was started",
		    (unsigned)i + 1, (unsigned)nb->files, hex,
		    sha256_text(required, nb->config->sha256[i]));
}

int digest_count(struct netboot *nb)
{
	if (nb->config->digests > nb->files)
		return fail(nb->failure, RUNG_DIGEST, ERR_CONFIG,
			    "the key sha256 lists %u digests, but there are only %u files",
			    (unsigned)nb->config->digests, (unsigned)nb->files);
	return 0;
}

int digest_check_listed(struct netboot *nb)
{
	char hex[SHA256_HEX_LEN];
	int err = digest_count(nb);

	for (uint32_t i = 0; i < nb->config->digests && !err; i++)
		err = digest_check(nb, i, hex);
	return err;
}
