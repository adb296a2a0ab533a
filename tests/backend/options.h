/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. */
#ifndef BACKEND_OPTIONS_H
#define BACKEND_OPTIONS_H

#include "tests/backend/rules.h"

struct options {
	const char *socket, *tap, *pcap;
	uint64_t features;       /* to offer */
	uint16_t mtu;            /* 0: not said */
	uint32_t late_ms;        /* from the begin of a ring to the first look at it */
	unsigned rx_descriptors; /* at most in a receive buffer; 0: any number */
	int ready_fd;            /* -1: none */
	struct rules rules;
};

/* Ends the program with a sentence where the user made a mistake, and for --help. */
void options_parse(struct options *options, int argc, char **argv);

#endif
