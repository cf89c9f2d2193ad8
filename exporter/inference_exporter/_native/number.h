/* Numbers as JSON writes them, as the nearest float: exactly what Python and msgspec make of them. */
#ifndef INFERENCE_EXPORTER_NUMBER_H
#define INFERENCE_EXPORTER_NUMBER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "scan.h"

typedef struct {
    const uint8_t *start;
    size_t length;
    uint64_t digits; /* all of them without the point, if `exact` */
    int exponent;    /* of ten, that these are to be multiplied with */
    bool negative;
    bool integer; /* written without a point and an exponent */
    bool exact;   /* `digits` and `exponent` hold it; else only its text does */
} Number;

/* Reads a number by the grammar of JSON; odd is whatever is none. */
Outcome scan_number(Cursor *cursor, Number *number);

/* The nearest float; odd where that is not finite, and for minus zero as an integer. */
Outcome as_double(const Number *number, double *value);

/* Sets `*made` to a new reference to the integer. Odd is one that is very long. */
Outcome as_integer(const Number *number, PyObject **made);

#endif
