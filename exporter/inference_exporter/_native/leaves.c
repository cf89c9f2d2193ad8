#include "leaves.h"

#include <string.h>

#include "moment.h"
#include "number.h"

#define LONGEST 65536 /* bytes of a text of which only the place is said */
#define FARTHEST ((ptrdiff_t)1 << 36)
#define LATEST 253402300800.0 /* the year 10000, as in formats/columns/times.py */

void
put_object(Line *line, Slot *slot, PyObject *made)
{
    slot->occurred = true;
    Py_XSETREF(slot->items[line->row], made);
}

/* Takes over a reference to what is beside the numbers. */
static Outcome
put_odd(Line *line, Slot *slot, PyObject *made)
{
    if (made == NULL) {
        return FAILED;
    }
    slot->occurred = true;
    if (slot->odd == NULL) {
        slot->odd = PyList_New(0);
    }
    PyObject *pair = slot->odd == NULL ? NULL : Py_BuildValue("(nN)", line->row, made);
    if (pair == NULL) {
        if (slot->odd == NULL) {
            Py_DECREF(made); /* else Py_BuildValue has taken it */
        }
        return FAILED;
    }
    int failed = PyList_Append(slot->odd, pair);
    Py_DECREF(pair);
    return failed ? FAILED : READ;
}

/* true, false or null: a borrowed reference, NULL if it is none of them. */
static PyObject *
constant(Cursor *cursor)
{
    switch (*cursor->at) {
    case 't':
        return passed_word(cursor, "true", 4) ? Py_True : NULL;
    case 'f':
        return passed_word(cursor, "false", 5) ? Py_False : NULL;
    default:
        return passed_word(cursor, "null", 4) ? Py_None : NULL;
    }
}

/* A text, where the cursor is at its opening quote. */
static Outcome
read_text(Line *line, Slot *slot, Text *text, PyObject **made)
{
    line->cursor.at++;
    Outcome outcome = scan_text(&line->cursor, text);
    return outcome == READ ? make_text(&slot->known, text, made) : outcome;
}

static Outcome
number_object(Line *line, bool integers, PyObject **made)
{
    Number number;
    double value;
    if (scan_number(&line->cursor, &number) != READ) {
        return ODD;
    }
    if (integers && number.integer) {
        return as_integer(&number, made);
    }
    Outcome outcome = as_double(&number, &value);
    if (outcome == READ) {
        *made = PyFloat_FromDouble(value);
        outcome = *made == NULL ? FAILED : READ;
    }
    return outcome;
}

static Outcome
read_object_value(Line *line, Slot *slot)
{
    PyObject *made = NULL;
    Text text;
    Outcome outcome;
    uint8_t byte = *line->cursor.at;
    if (byte == '"') {
        outcome = read_text(line, slot, &text, &made);
    }
    else if (byte == 't' || byte == 'f' || byte == 'n') {
        made = constant(&line->cursor);
        if (made == Py_None) {
            return READ;
        }
        Py_XINCREF(made);
        outcome = made == NULL ? ODD : READ;
    }
    else {
        outcome = number_object(line, slot->kind == TEXT, &made);
    }
    if (outcome == READ) {
        put_object(line, slot, made);
    }
    return outcome;
}

/* A number as the time since the epoch. */
static Outcome
put_moment(Line *line, Slot *slot, double number)
{
    double seconds = number / slot->per_second;
    if (!(seconds >= 0 && seconds < LATEST)) {
        return put_odd(line, slot, PyFloat_FromDouble(number));
    }
    slot->values[line->row] = seconds;
    slot->occurred = true;
    return READ;
}

static Outcome
put_number(Line *line, Slot *slot)
{
    Number number;
    double value;
    if (scan_number(&line->cursor, &number) != READ) {
        return ODD;
    }
    Outcome outcome = as_double(&number, &value);
    if (outcome != READ) {
        return outcome;
    }
    if (slot->kind == MOMENT) {
        return put_moment(line, slot, value);
    }
    slot->values[line->row] = value;
    slot->occurred = true;
    return READ;
}

/* A text where a number is wanted: a point in time, or something for Python to look at. */
static Outcome
put_text_for_number(Line *line, Slot *slot)
{
    Text text;
    PyObject *made = NULL;
    line->cursor.at++;
    Outcome outcome = scan_text(&line->cursor, &text);
    if (outcome != READ) {
        return outcome;
    }
    if (slot->kind == MOMENT && read_moment(&text, &slot->values[line->row]) == READ) {
        slot->occurred = true;
        return READ;
    }
    outcome = make_text(&slot->known, &text, &made);
    return outcome == READ ? put_odd(line, slot, made) : outcome;
}

static Outcome
read_number_value(Line *line, Slot *slot)
{
    uint8_t byte = *line->cursor.at;
    if (byte == '"') {
        return put_text_for_number(line, slot);
    }
    if (byte != 't' && byte != 'f' && byte != 'n') {
        return put_number(line, slot);
    }
    PyObject *found = constant(&line->cursor);
    if (found == NULL || found == Py_None) {
        return found == NULL ? ODD : READ;
    }
    return put_odd(line, slot, Py_NewRef(found));
}

/* Any value, by a function of Python that is given its bytes. Whatever it raises, the line is for
   the Python path. */
static Outcome
read_whole(Line *line, Slot *slot)
{
    const uint8_t *start = line->cursor.at;
    Outcome outcome = skip_value(&line->cursor);
    if (outcome != READ) {
        return outcome;
    }
    PyObject *made = PyObject_CallFunction(slot->decode, "y#", (const char *)start,
                                           (Py_ssize_t)(line->cursor.at - start));
    if (made == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_Exception)
            || PyErr_ExceptionMatches(PyExc_MemoryError)) {
            return FAILED;
        }
        PyErr_Clear();
        return ODD;
    }
    if (made == Py_None) {
        Py_DECREF(made);
        return READ;
    }
    put_object(line, slot, made);
    return READ;
}

/* Where a text is, as start * LONGEST + length: a float says that exactly. False if it is not its
   own characters, or out of reach. */
static bool
put_place(Line *line, Slot *slot, const Text *text)
{
    ptrdiff_t start = text->start - line->plan->block;
    if (text->escaped || !text->ascii || text->length >= LONGEST || start >= FARTHEST) {
        return false;
    }
    slot->values[line->row] = (double)start * LONGEST + (double)text->length;
    slot->occurred = true;
    return true;
}

/* Any scalar of which most rows are never asked: Python makes the texts that it wants. */
static Outcome
read_place(Line *line, Slot *slot)
{
    Text text;
    PyObject *made = NULL;
    uint8_t byte = *line->cursor.at;
    Outcome outcome;
    if (byte == '"') {
        line->cursor.at++;
        outcome = scan_text(&line->cursor, &text);
        if (outcome != READ || put_place(line, slot, &text)) {
            return outcome;
        }
        outcome = make_text(&slot->known, &text, &made);
    }
    else if (byte == 't' || byte == 'f' || byte == 'n') {
        made = Py_XNewRef(constant(&line->cursor));
        outcome = made == NULL ? ODD : READ;
    }
    else {
        outcome = number_object(line, true, &made);
    }
    if (outcome != READ || made != Py_None) {
        return outcome == READ ? put_odd(line, slot, made) : outcome;
    }
    Py_DECREF(made);
    return READ;
}

Outcome
read_leaf(Line *line, Slot *slot)
{
    if (slot->kind == PLACE) {
        return read_place(line, slot);
    }
    if (slot->kind == WHOLE) {
        return read_whole(line, slot);
    }
    return has_values(slot) ? read_number_value(line, slot) : read_object_value(line, slot);
}
