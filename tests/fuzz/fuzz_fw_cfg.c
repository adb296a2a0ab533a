/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's fw_cfg behind its two registers: a directory, lengths and contents that are all the
 * input's. fuzz: -max_len=3000
 */
#include "arch/hosted/hosted.h"
#include "drivers/fw_cfg.h"
#include "tests/fuzz/fuzz.h"

#define READS_MAX (3 * (4 + 4096 * 64) + 8 + (FW_CFG_MATCHES_MAX + 1) * FW_CFG_VALUE_MAX)

/* Item i of the device: the input from byte 16 i on. */
static struct {
	struct span bytes;
	uint32_t off, reads;
	uint16_t selector;
	bool honest; /* says "QEMU", and its count of files is small */
} device;

/*
 * A directory of few files, most of them short: what a run may cost. The first may be as long as a
 * value may, or one byte longer.
 */
static uint32_t honest_directory(uint32_t at, uint8_t byte)
{
	bool limit = at < 64 && device.bytes.len > 6 && device.bytes.at[6] == 0x10;

	if (at < 4)
		return at < 3 ? 0 : byte % 32;
	switch ((at - 4) % 64) {
	case 0:
	case 1:
		return byte == 0xff;
	case 2:
		return limit ? FW_CFG_VALUE_MAX >> 8 : byte == 1;
	case 3:
		return limit ? (FW_CFG_VALUE_MAX & 0xff) + (byte & 1) : byte;
	default:
		return byte;
	}
}

static uint32_t read_data(void *ctx, unsigned bar, uint32_t off, unsigned width)
{
	static const uint8_t signature[] = "QEMU";
	uint32_t at = device.off++;

	(void)ctx;
	must(bar == 0 && off == 1 && width == 1, "a read that is no byte of data");
	must(++device.reads <= READS_MAX, "more reads than any directory can ask for");
	if (device.honest && device.selector == FW_CFG_SIGNATURE)
		return at < 4 ? signature[at] : 0;
	if (device.honest && device.selector == FW_CFG_FILE_DIR)
		return honest_directory(at, at < device.bytes.len ? device.bytes.at[at] : 0);
	at += device.selector == FW_CFG_FILE_DIR ? 0 : device.selector * 16u;
	return at < device.bytes.len ? device.bytes.at[at] : 0;
}

static void write_selector(void *ctx, unsigned bar, uint32_t off, unsigned width, uint32_t value)
{
	(void)ctx;
	must(bar == 0 && off == 0 && width == 2, "a write that selects nothing");
	device.selector = (uint16_t)value;
	device.off = 0;
}

static const struct hosted_pci registers = { .bar_read = read_data, .bar_write = write_selector };

static int each(void *ctx, const char *source, const char *key, const char *value, uint32_t len)
{
	unsigned *calls = ctx;

	must(!strcmp(source, "fw_cfg"), "a source of another name");
	must(strnlen(key, FW_CFG_NAME_LEN) < FW_CFG_NAME_LEN, "a key without its end");
	must(len <= FW_CFG_VALUE_MAX && value[len] == 0, "a value without its end");
	must(++*calls <= FW_CFG_MATCHES_MAX, "more files than there is room for");
	return *calls == 20 ? ERR_CONFIG : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fw_cfg fw;
	static uint8_t buf[64];
	struct input in = { data, len };
	uint32_t choices = take(&in, 1), cap = take(&in, 1) % sizeof(buf);
	struct failure f = { .err = 0 };
	unsigned calls = 0;
	struct window found;
	int err;

	device.honest = choices;
	device.reads = device.off = 0;
	device.bytes = take_rest(&in);
	hosted_attach_fw_cfg(&registers);
	hosted_fw_cfg_window(&found);
	if (!fw_cfg_open(&fw, &found)) {
		must(!device.honest, "an honest fw_cfg was not found");
		must(fw_cfg_read(&fw, "etc/sercon-port", buf, 2) < 0 &&
			     !fw_cfg_u16(&fw, FW_CFG_NOGRAPHIC),
		     "something was read of a fw_cfg that is none");
		return 0;
	}
	fw_cfg_u16(&fw, FW_CFG_NOGRAPHIC);
	memset(buf, 0xee, sizeof(buf));
	fw_cfg_read(&fw, "etc/sercon-port", buf, cap);
	must(buf[cap] == 0xee, "bytes stored behind the room");
	err = fw_cfg_each(&fw, FW_CFG_OURS, each, &calls, &f);
	if (err && calls < 20)
		must_be_said(&f);
	else
		must(!f.err, "a failure although all files were read");
	return 0;
}
