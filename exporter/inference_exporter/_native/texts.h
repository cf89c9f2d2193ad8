/* Texts as Python's: those of a category that comes again and again are made once. */
#ifndef INFERENCE_EXPORTER_TEXTS_H
#define INFERENCE_EXPORTER_TEXTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "scan.h"

#define KNOWN_TEXTS 256 /* a power of two */
#define KNOWN_LENGTH 64 /* bytes; longer texts are made anew */

typedef struct {
    PyObject *texts[KNOWN_TEXTS]; /* by their hash; a newcomer takes the place of who was there */
    unsigned hits, misses;        /* in this block */
} Known;

/* Sets `*made` to a new reference. Odd is what is no UTF-8. */
Outcome make_text(Known *known, const Text *text, PyObject **made);

void forget_texts(Known *known);

#endif
