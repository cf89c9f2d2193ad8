/* Functions beside the reader: numbers to bins, texts to codes, rows to keys, lines unwrapped.

   Each is the twin of a few lines of NumPy, and gives the same to the last bit. They are for
   arrays of 64 bits that lie in one piece; what they are told of sizes is checked, and so is
   every index that a caller made. */
#ifndef INFERENCE_EXPORTER_COUNTS_H
#define INFERENCE_EXPORTER_COUNTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

extern PyMethodDef bins_method, durations_method;           /* bins.c */
extern PyMethodDef codes_method, hashes_method;             /* codes.c */
extern PyMethodDef fingerprints_method, meet_method;        /* keys.c */
extern PyMethodDef unwrapped_method, may_be_wrapped_method; /* wrapped.c */

/* Arrays of 64 bits, borrowed from Python until `done` with. */
typedef struct {
    Py_buffer view;
    Py_ssize_t length;
} Array;

static inline bool
is_of(Array *array, Py_ssize_t length)
{
    if (array->view.len == length * 8) {
        array->length = length;
        return true;
    }
    PyErr_Format(PyExc_ValueError, "an array of %zd bytes is not one of %zd numbers",
                 array->view.len, length);
    return false;
}

static inline void
sized(Array *array)
{
    array->length = array->view.len / 8;
}

static inline void
done(Array *array)
{
    if (array->view.obj != NULL) {
        PyBuffer_Release(&array->view);
    }
}

#endif
