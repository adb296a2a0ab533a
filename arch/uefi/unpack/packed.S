/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct packed of main.c: the program as xz packed it. PLAIN_LEN: its length before; PACKED: the
 * file (build.mk).
 */
	.section .rdata, "dr"
	.balign 4
	.globl packed
packed:
	.long PLAIN_LEN
	.long end - start
start:
	.incbin PACKED
end:
