/* Lines as Kubernetes wraps them, unwrapped: see formats/peeling/wrappers.py. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "counts.h"

#define STREAM_LENGTH 6 /* of stdout, and of stderr */

/* Behind "time stream F ", or NULL where a line is not whole, or is no such line. */
static const uint8_t *
inside(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *space = memchr(at, ' ', (size_t)(end - at));
    if (space == NULL || end - space < STREAM_LENGTH + 4) {
        return NULL;
    }
    const uint8_t *stream = space + 1;
    if (memchr(stream, ' ', STREAM_LENGTH) != NULL
        || memcmp(stream + STREAM_LENGTH, " F ", 3) != 0) {
        return NULL;
    }
    return stream + STREAM_LENGTH + 3;
}

/* Writes the lines inside; NULL where some line has none. At most as much as is read, and one. */
static uint8_t *
unwrap_all(const uint8_t *at, const uint8_t *end, uint8_t *to)
{
    do {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        const uint8_t *line = inside(at, stop);
        if (line == NULL) {
            return NULL;
        }
        memcpy(to, line, (size_t)(stop - line));
        to += stop - line;
        *to++ = '\n';
        at = stop + 1;
    } while (at < end);
    return to;
}

static PyObject *
unwrapped(PyObject *Py_UNUSED(module), PyObject *argument)
{
    Py_buffer block;
    if (PyObject_GetBuffer(argument, &block, PyBUF_SIMPLE)) {
        return NULL;
    }
    PyObject *made = PyBytes_FromStringAndSize(NULL, block.len + 1);
    Py_ssize_t length = -1;
    if (made != NULL && block.len > 0) {
        uint8_t *to = (uint8_t *)PyBytes_AS_STRING(made);
        const uint8_t *start = block.buf;
        Py_BEGIN_ALLOW_THREADS
        uint8_t *stop = unwrap_all(start, start + block.len, to);
        length = stop == NULL ? -1 : stop - to;
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&block);
    if (made == NULL) {
        return NULL;
    }
    if (length < 0) {
        Py_DECREF(made);
        Py_RETURN_NONE;
    }
    _PyBytes_Resize(&made, length);
    return made;
}

/* Whether a line may be an entry of a runtime: it begins with a digit, or with {"log". */
static bool
may_be_entry(const uint8_t *at, const uint8_t *end)
{
    static const char docker[] = "{\"log\"";
    size_t length = sizeof(docker) - 1;
    while (at < end && *at == '\0') {
        at++;
    }
    if (at < end && *at >= '0' && *at <= '9') {
        return true;
    }
    return (size_t)(end - at) >= length && memcmp(at, docker, length) == 0;
}

static bool
any_entry(const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        if (may_be_entry(at, stop)) {
            return true;
        }
        at = stop + 1;
    }
    return false;
}

static PyObject *
may_be_wrapped(PyObject *Py_UNUSED(module), PyObject *argument)
{
    Py_buffer block;
    bool found;
    if (PyObject_GetBuffer(argument, &block, PyBUF_SIMPLE)) {
        return NULL;
    }
    const uint8_t *start = block.buf;
    Py_BEGIN_ALLOW_THREADS
    found = any_entry(start, start + block.len);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&block);
    return PyBool_FromLong(found);
}

PyMethodDef may_be_wrapped_method = {
    "may_be_wrapped", may_be_wrapped, METH_O,
    "may_be_wrapped(block): whether some line begins as an entry of CRI or Docker does"};
PyMethodDef unwrapped_method = {
    "unwrapped", unwrapped, METH_O,
    "unwrapped(block): the lines inside of CRI's, None where some are not whole or no such lines"};
