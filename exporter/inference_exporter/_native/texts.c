#include "texts.h"

#include <string.h>

#define TRIALS 256 /* misses of a block before one gives up: ids are never the same */
#define ON_STACK 512

/* Bytes as a text; odd if they are no UTF-8. */
static Outcome
decoded(const uint8_t *start, size_t length, bool ascii, PyObject **made)
{
    if (ascii) {
        *made = PyUnicode_New((Py_ssize_t)length, 127);
        if (*made == NULL) {
            return FAILED;
        }
        if (length) { /* the empty text is one that all share */
            memcpy(PyUnicode_1BYTE_DATA(*made), start, length);
        }
        return READ;
    }
    *made = PyUnicode_DecodeUTF8((const char *)start, (Py_ssize_t)length, NULL);
    if (*made != NULL) {
        return READ;
    }
    if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        return FAILED;
    }
    PyErr_Clear();
    return ODD;
}

static Outcome
unescaped(const Text *text, PyObject **made)
{
    uint8_t little[ON_STACK], *room = little;
    if (text->length > ON_STACK) {
        room = PyMem_Malloc(text->length);
        if (room == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
    }
    size_t length = unescape(text, room);
    Outcome outcome = decoded(room, length, false, made);
    if (room != little) {
        PyMem_Free(room);
    }
    return outcome;
}

/* Of the first and last bytes and the length: categories are short. */
static size_t
place_of(const Text *text)
{
    uint64_t first = 0, last = 0;
    size_t part = text->length < 8 ? text->length : 8;
    memcpy(&first, text->start, part);
    memcpy(&last, text->start + text->length - part, part);
    uint64_t mixed = (first ^ (last << 1 | last >> 63) ^ text->length)
                     * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> 32) & (KNOWN_TEXTS - 1);
}

/* Only ASCII is ever known: of that, the characters are the bytes. */
static bool
is_that(PyObject *known, const Text *text)
{
    return known != NULL && (size_t)PyUnicode_GET_LENGTH(known) == text->length
           && memcmp(PyUnicode_1BYTE_DATA(known), text->start, text->length) == 0;
}

Outcome
make_text(Known *known, const Text *text, PyObject **made)
{
    if (text->escaped) {
        return unescaped(text, made);
    }
    bool varied = known->misses > TRIALS && known->misses > known->hits;
    if (!text->ascii || !text->length || text->length > KNOWN_LENGTH || varied) {
        return decoded(text->start, text->length, text->ascii, made);
    }
    PyObject **place = &known->texts[place_of(text)];
    if (is_that(*place, text)) {
        known->hits++;
        *made = Py_NewRef(*place);
        return READ;
    }
    known->misses++;
    Outcome outcome = decoded(text->start, text->length, true, made);
    if (outcome == READ) {
        Py_XSETREF(*place, Py_NewRef(*made));
    }
    return outcome;
}

void
forget_texts(Known *known)
{
    for (size_t i = 0; i < KNOWN_TEXTS; i++) {
        Py_CLEAR(known->texts[i]);
    }
}
