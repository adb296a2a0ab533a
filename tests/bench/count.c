/*
 * A TCG plugin that counts the instructions a guest executes: all of them, those of one function,
 * and where within it they stand.
 *
 *     gcc -shared -fPIC -O2 -o count.so count.c
 *     qemu-system-x86_64 -accel tcg -plugin count.so,out=FILE[,function=START-END[,if=ADDRESS]
 *         [,profile=FILE,range=START-END]] …
 *
 * out=FILE holds one struct count, kept up to date while the guest runs, so that the host can read
 * the counters at any moment: that is how counting.py counts "from the GET to the last byte".
 *
 * function=START-END (hex; END is behind the last byte) counts from the instruction at START
 * through any return instruction between START and END, both included, with everything called in
 * between. With if=ADDRESS such a call only counts if the instruction at ADDRESS was executed
 * during it: so the empty turns of a polling loop are left out. A call that leaves by a jump (tail
 * call), or is entered again before it has returned, shows as entered != left; counting.py looks at
 * that.
 *
 * profile=FILE holds a 64-bit counter for each byte of range=START-END: how often the instruction
 * that begins there was executed within calls that count. It costs a call for each block executed.
 *
 * One iteration of a REP string instruction counts as one instruction, as TCG executes it.
 * Addresses are the guest's linear ones. The cost is else one addition per translated block, and
 * one call for each mark executed. A block that an exception leaves in its middle is counted whole.
 * One vCPU only. The API is version 1, that of QEMU 7.2; Debian does not package its header, so
 * what is used of it is declared here.
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of qemu-plugin.h, version 1. */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef struct {
	const char *target_name;
	struct {
		int min, cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus, max_vcpus;
	} system;
} qemu_info_t;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
					   void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *,
					      uint64_t);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *),
					  enum qemu_plugin_cb_flags, void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *),
					    enum qemu_plugin_cb_flags, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);

/* What QEMU looks for in a plugin. */
int qemu_plugin_install(qemu_plugin_id_t, const qemu_info_t *, int, char **);
extern int qemu_plugin_version;
int qemu_plugin_version = 1;

/* The contents of out=FILE; counting.py reads it in this order. */
struct count {
	uint64_t total;   /* every instruction so far */
	uint64_t kept;    /* those within calls of the function that count */
	uint64_t calls;   /* calls that count */
	uint64_t entered; /* calls begun */
	uint64_t left;    /* calls that returned */
};

static struct count *count;
static uint64_t start, end, wanted; /* the marks' addresses; 0: none */
static uint64_t began;              /* count->total before the call's first instruction */
static bool inside, met;            /* within a call; `wanted` was executed in it */

/* A translated block, as the profile wants it. One that QEMU translates again has a new one. */
struct block {
	struct block *next; /* of those that were executed in this call */
	uint64_t runs;      /* in this call, so far */
	bool is_entry;      /* it begins the function */
	size_t n;
	uint32_t at[]; /* the place of each instruction in the profile */
};

static const char *profile_path;
static uint64_t *profile;
static uint64_t low, high; /* the addresses that it is of */
static struct block *executed;

static void on_block(unsigned vcpu, void *which)
{
	struct block *block = which;

	(void)vcpu;
	/* It is called before on_entry(), and after nothing else. */
	if (!inside && !block->is_entry)
		return;
	if (block->runs++ == 0) {
		block->next = executed;
		executed = block;
	}
}

/* A call has ended: what was executed in it is counted, or forgotten. */
static void close_profile(void)
{
	for (; executed; executed = executed->next) {
		for (size_t i = 0; met && i < executed->n; i++)
			profile[executed->at[i]] += executed->runs;
		executed->runs = 0;
	}
}

static void watch_block(struct qemu_plugin_tb *tb, size_t n)
{
	struct block *block = calloc(1, sizeof(*block) + n * sizeof(block->at[0]));

	if (!block)
		abort();
	for (size_t i = 0; i < n; i++) {
		uint64_t at = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i));

		block->is_entry |= at == start;
		if (at >= low && at < high)
			block->at[block->n++] = (uint32_t)(at - low);
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
}

/*
 * A block adds its length when it is entered, so at one of its instructions `rest`, the number
 * from that instruction on, has been counted too early.
 */
static uint64_t executed_before(void *rest)
{
	return count->total - (uintptr_t)rest;
}

static void on_entry(unsigned vcpu, void *rest)
{
	(void)vcpu;
	began = executed_before(rest);
	inside = true;
	met = wanted == 0;
	count->entered++;
}

static void on_wanted(unsigned vcpu, void *rest)
{
	(void)vcpu;
	(void)rest;
	met = true;
}

static void on_return(unsigned vcpu, void *rest)
{
	(void)vcpu;
	if (!inside)
		return;
	inside = false;
	count->left++;
	if (met) {
		count->kept += executed_before(rest) + 1 - began;
		count->calls++;
	}
	close_profile();
}

/* RET and RET imm16, near, also behind a REP prefix. */
static bool is_return(const struct qemu_plugin_insn *insn)
{
	const uint8_t *byte = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn);

	if (size > 1 && byte[0] == 0xf3)
		byte++;
	return byte[0] == 0xc3 || byte[0] == 0xc2;
}

static void mark(struct qemu_plugin_insn *insn, void (*then)(unsigned, void *), void *rest)
{
	qemu_plugin_register_vcpu_insn_exec_cb(insn, then, QEMU_PLUGIN_CB_NO_REGS, rest);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &count->total, n);
	if (profile)
		watch_block(tb, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		void *rest = (void *)(uintptr_t)(n - i);

		if (start && address == start)
			mark(insn, on_entry, rest);
		if (wanted && address == wanted)
			mark(insn, on_wanted, rest);
		if (address >= start && address < end && is_return(insn))
			mark(insn, on_return, rest);
	}
}

/* A new file of that length, all 0, as memory; NULL if it cannot be made. */
static void *map_output(const char *path, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
	void *pages;

	if (fd < 0 || ftruncate(fd, (off_t)len) < 0)
		return NULL;
	pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return pages == MAP_FAILED ? NULL : pages;
}

static bool take_range(const char *word, uint64_t *from, uint64_t *to)
{
	char *rest;

	*from = strtoull(word, &rest, 16);
	if (*rest != '-')
		return false;
	*to = strtoull(rest + 1, &rest, 16);
	return *from && *from < *to && !*rest;
}

static bool take_argument(char *word)
{
	char *rest;

	if (!strncmp(word, "out=", 4)) {
		count = map_output(word + 4, sizeof(*count));
		return count;
	}
	if (!strncmp(word, "if=", 3)) {
		wanted = strtoull(word + 3, &rest, 16);
		return wanted && !*rest;
	}
	if (!strncmp(word, "function=", 9))
		return take_range(word + 9, &start, &end);
	if (!strncmp(word, "range=", 6))
		return take_range(word + 6, &low, &high);
	if (!strncmp(word, "profile=", 8)) {
		profile_path = word + 8;
		return true;
	}
	return false;
}

/* high - low fits 32 bits, or nobody could map that much. */
static bool open_profile(void)
{
	if (!profile_path)
		return true;
	if (!start || !low)
		return false;
	profile = map_output(profile_path, (size_t)(high - low) * sizeof(*profile));
	return profile;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!take_argument(argv[i])) {
			fprintf(stderr, "count: cannot use '%s'\n", argv[i]);
			return -1;
		}
	}
	if (!open_profile()) {
		fprintf(stderr, "count: profile= wants function= and range=, and a file\n");
		return -1;
	}
	if (!count || !info->system_emulation || info->system.max_vcpus != 1) {
		fprintf(stderr, "count: wants out=FILE and a system with one CPU\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
