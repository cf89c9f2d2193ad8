/* Values of a line that are columns: numbers, points in time, texts, and what is kept whole. */
#ifndef INFERENCE_EXPORTER_LEAVES_H
#define INFERENCE_EXPORTER_LEAVES_H

#include "plan.h"

/* The line that is read. */
typedef struct {
    Plan *plan;
    Cursor cursor;
    Py_ssize_t row;
    uint64_t number;
} Line;

/* Takes over a reference to what is at this row of a column of objects. */
void put_object(Line *line, Slot *slot, PyObject *made);

/* Reads the value at the cursor, which is in the line, into its column. */
Outcome read_leaf(Line *line, Slot *slot);

#endif
