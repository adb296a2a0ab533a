/*
 * Facts fixed when skiff was built: its version, and the configuration given as `make key=value`.
 *
 * The Makefile generates both definitions (build/gen/). The program (arch/skiff.c) reads the
 * keys after those that whoever started it has left; a URL by DHCP goes before `url` only. The
 * values come from whoever built the image and are parsed like those of any other source.
 */
#ifndef CORE_BUILTIN_H
#define CORE_BUILTIN_H

struct builtin_key {
	const char *key, *value; /* NUL-terminated; the value may be empty */
};

extern const struct builtin_key builtin_keys[]; /* ends with { 0, 0 } */
extern const char skiff_version[];              /* "0.1.0" */

#endif
