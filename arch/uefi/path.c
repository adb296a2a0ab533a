/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device paths. The firmware and its drivers wrote them; no length in them is believed beyond
 * PATH_LEN_MAX. Called by controller.c and start.c.
 */
#include "arch/uefi/path.h"

#include "core/mem.h"
#include "core/wire.h"

/* UEFI 2.10, 10.2 and 10.3: type, subtype, length of the whole node. */
#define NODE_HEADER_LEN 4
#define END_TYPE 0x7f
#define END_ENTIRE 0xff
#define HARDWARE_TYPE 0x01
#define HARDWARE_MEMORY_MAPPED 0x03
#define MEMORY_MAPPED_LEN 24
#define LOADER_DATA 2 /* EfiLoaderData */

_Static_assert(PATH_FILE_MAX == PATH_LEN_MAX + MEMORY_MAPPED_LEN + NODE_HEADER_LEN,
	       "a file's path fits");

uint32_t path_len(const uint8_t *path)
{
	uint32_t len = 0, node_len;

	while (path[len] != END_TYPE) {
		node_len = get_le16(path + len + 2);
		if (node_len < NODE_HEADER_LEN || node_len > PATH_LEN_MAX - len)
			return 0;
		len += node_len;
	}
	return len;
}

bool path_is_below(const uint8_t *path, const uint8_t *parent)
{
	uint32_t len = path_len(path), parent_len = path_len(parent);

	return parent_len > 0 && len >= parent_len && memcmp(path, parent, parent_len) == 0;
}

static uint8_t *put_node(uint8_t *p, uint8_t type, uint8_t subtype, uint16_t len)
{
	p[0] = type;
	p[1] = subtype;
	put_le16(p + 2, len);
	return p + NODE_HEADER_LEN;
}

void path_of_file(uint8_t buf[PATH_FILE_MAX], const uint8_t *parent, uint64_t at, uint64_t len)
{
	uint32_t parent_len = path_len(parent);
	uint8_t *p = buf + parent_len;

	memcpy(buf, parent, parent_len);
	p = put_node(p, HARDWARE_TYPE, HARDWARE_MEMORY_MAPPED, MEMORY_MAPPED_LEN);
	put_le32(p, LOADER_DATA);
	put_le64(p + 4, at);
	put_le64(p + 12, at + len - 1);
	put_node(p + 20, END_TYPE, END_ENTIRE, NODE_HEADER_LEN);
}
