/* Texts to numbers: codes by a function that is asked about each value once, and hashes. */
#include <stdbool.h>
#include <stdint.h>

#include "counts.h"

#define PLACES 256 /* of objects that were asked about: equal texts of a block are one object */

typedef struct {
    PyObject *value; /* borrowed: the column holds it */
    int64_t code;
} Asked;

static Asked *
place_of(Asked *asked, PyObject *value)
{
    uint64_t mixed = (uint64_t)(uintptr_t)value * UINT64_C(0x9E3779B97F4A7C15);
    return &asked[mixed >> 56];
}

static bool
ask(PyObject *lookup, PyObject *value, Asked *place)
{
    PyObject *found = PyObject_CallOneArg(lookup, value);
    if (found == NULL) {
        return false;
    }
    long long code = PyLong_AsLongLong(found);
    Py_DECREF(found);
    if (code == -1 && PyErr_Occurred()) {
        return false;
    }
    *place = (Asked){value, code};
    return true;
}

static bool
look_up(PyObject *items, PyObject *lookup, int64_t *codes)
{
    Asked asked[PLACES] = {{NULL, 0}};
    for (Py_ssize_t row = 0; row < PySequence_Fast_GET_SIZE(items); row++) {
        PyObject *value = PySequence_Fast_GET_ITEM(items, row);
        Asked *place = place_of(asked, value);
        if (place->value != value && !ask(lookup, value, place)) {
            return false;
        }
        codes[row] = place->code;
    }
    return true;
}

static bool
hash_all(PyObject *items, int64_t *hashes)
{
    for (Py_ssize_t row = 0; row < PySequence_Fast_GET_SIZE(items); row++) {
        Py_hash_t hash = PyObject_Hash(PySequence_Fast_GET_ITEM(items, row));
        if (hash == -1 && PyErr_Occurred()) {
            return false;
        }
        hashes[row] = (int64_t)hash;
    }
    return true;
}

/* With the values of a column as a tuple that nobody else has, or that nobody can change. */
static PyObject *
of_column(PyObject *column, PyObject *lookup, Array *out)
{
    PyObject *items = PySequence_Tuple(column);
    bool well = items != NULL && is_of(out, PyTuple_GET_SIZE(items));
    if (well) {
        well = lookup == NULL ? hash_all(items, out->view.buf)
                              : look_up(items, lookup, out->view.buf);
    }
    Py_XDECREF(items);
    done(out);
    if (!well) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
codes(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *column, *lookup;
    Array out = {0};
    if (!PyArg_ParseTuple(arguments, "OOw*", &column, &lookup, &out.view)) {
        return NULL;
    }
    return of_column(column, lookup, &out);
}

static PyObject *
hashes(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *column;
    Array out = {0};
    if (!PyArg_ParseTuple(arguments, "Ow*", &column, &out.view)) {
        return NULL;
    }
    return of_column(column, NULL, &out);
}

PyMethodDef codes_method = {"codes", codes, METH_VARARGS,
                            "codes(column, lookup, out): lookup(value) of every value"};
PyMethodDef hashes_method = {"hashes", hashes, METH_VARARGS,
                             "hashes(column, out): Python's hash of every value"};
