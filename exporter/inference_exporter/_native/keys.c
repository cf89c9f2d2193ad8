/* Rows to keys of 64 bits, and whether any of them came before: see repeats/. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"

#define ODD_NUMBER UINT64_C(0x9E3779B97F4A7C15)
#define MIX UINT64_C(0xBF58476D1CE4E5B9)

static void
add_column(const uint64_t *values, bool coded, uint64_t factor, uint64_t *sums, Py_ssize_t rows)
{
    for (Py_ssize_t row = 0; row < rows; row++) {
        uint64_t value = coded ? values[row] * MIX + ODD_NUMBER : values[row];
        value *= factor;
        sums[row] += value ^ value >> 31;
    }
}

static void
mix(uint64_t *sums, Py_ssize_t rows)
{
    for (Py_ssize_t row = 0; row < rows; row++) {
        uint64_t key = (sums[row] + ODD_NUMBER) * MIX;
        sums[row] = (key ^ key >> 31) * ODD_NUMBER;
    }
}

/* One column, (array, whether it is of codes), as the n-th. */
static bool
add_nth(PyObject *pair, Py_ssize_t n, Array *out)
{
    Array values = {0};
    int coded;
    if (!PyArg_ParseTuple(pair, "y*p", &values.view, &coded)) {
        return false;
    }
    bool well = is_of(&values, out->length);
    if (well) {
        add_column(values.view.buf, coded, (2 * (uint64_t)n + 1) * ODD_NUMBER, out->view.buf,
                   out->length);
    }
    done(&values);
    return well;
}

static PyObject *
fingerprints(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    PyObject *columns;
    Array out = {0};
    if (!PyArg_ParseTuple(arguments, "O!w*", &PyTuple_Type, &columns, &out.view)) {
        return NULL;
    }
    sized(&out);
    bool well = true;
    memset(out.view.buf, 0, (size_t)out.length * 8);
    for (Py_ssize_t n = 0; well && n < PyTuple_GET_SIZE(columns); n++) {
        well = add_nth(PyTuple_GET_ITEM(columns, n), n, &out);
    }
    mix(out.view.buf, out.length);
    done(&out);
    if (!well) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* Whether all keys are different from each other; `room` is of zeros, a power of two, and has
   more places than there are keys. A key of 0 is said to be not different: too rare to care. */
static bool
all_different(const uint64_t *keys, Py_ssize_t rows, uint64_t *room, size_t places)
{
    for (Py_ssize_t row = 0; row < rows; row++) {
        size_t at = (size_t)(keys[row] >> 20) & (places - 1);
        if (keys[row] == 0) {
            return false;
        }
        while (room[at]) {
            if (room[at] == keys[row]) {
                return false;
            }
            at = (at + 1) & (places - 1);
        }
        room[at] = keys[row];
    }
    return true;
}

typedef struct {
    Array keys, times, who;                /* of rows */
    Array met_keys, met_times, met_who;    /* places, by the upper bits of keys */
} Meeting;

/* Whether no key is at its place. */
static bool
all_new(const Meeting *one, int shift)
{
    const uint64_t *keys = one->keys.view.buf, *met = one->met_keys.view.buf;
    for (Py_ssize_t row = 0; row < one->keys.length; row++) {
        if (met[keys[row] >> shift] == keys[row]) {
            return false;
        }
    }
    return true;
}

static void
note(const Meeting *one, int shift)
{
    const uint64_t *keys = one->keys.view.buf, *who = one->who.view.buf;
    const double *times = one->times.view.buf;
    uint64_t *met_keys = one->met_keys.view.buf, *met_who = one->met_who.view.buf;
    double *met_times = one->met_times.view.buf;
    for (Py_ssize_t row = 0; row < one->keys.length; row++) {
        size_t at = (size_t)(keys[row] >> shift);
        met_keys[at] = keys[row];
        met_times[at] = times[row];
        met_who[at] = who[row];
    }
}

/* 1: all rows are new, and noted; 0: some are not, and nothing is noted; -1: an exception. */
static int
meet_all(Meeting *one)
{
    sized(&one->keys);
    sized(&one->met_keys);
    Py_ssize_t rows = one->keys.length, places = one->met_keys.length;
    if (!is_of(&one->times, rows) || !is_of(&one->who, rows) || !is_of(&one->met_times, places)
        || !is_of(&one->met_who, places)) {
        return -1;
    }
    int shift = 64;
    while (shift > 0 && (Py_ssize_t)1 << (64 - shift) < places) {
        shift--;
    }
    if (shift == 64 || (Py_ssize_t)1 << (64 - shift) != places) {
        PyErr_SetString(PyExc_ValueError, "places are no power of two");
        return -1;
    }
    size_t room = 1;
    while (room < 2 * (size_t)rows) {
        room *= 2;
    }
    uint64_t *scratch = calloc(room, 8);
    if (scratch == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    bool fresh;
    Py_BEGIN_ALLOW_THREADS
    fresh = all_new(one, shift) && all_different(one->keys.view.buf, rows, scratch, room);
    if (fresh) {
        note(one, shift);
    }
    free(scratch);
    Py_END_ALLOW_THREADS
    return fresh;
}

static PyObject *
meet(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    Meeting one = {0};
    int fresh = -1;
    if (PyArg_ParseTuple(arguments, "y*y*y*w*w*w*", &one.keys.view, &one.times.view, &one.who.view,
                         &one.met_keys.view, &one.met_times.view, &one.met_who.view)) {
        fresh = meet_all(&one);
        done(&one.keys);
        done(&one.times);
        done(&one.who);
        done(&one.met_keys);
        done(&one.met_times);
        done(&one.met_who);
    }
    return fresh < 0 ? NULL : PyBool_FromLong(fresh);
}

PyMethodDef fingerprints_method = {
    "fingerprints", fingerprints, METH_VARARGS,
    "fingerprints(((array, coded), ...), out): a key of every row"};
PyMethodDef meet_method = {
    "meet", meet, METH_VARARGS,
    "meet(keys, times, who, and the places of these three): whether all came first, and are noted"};
