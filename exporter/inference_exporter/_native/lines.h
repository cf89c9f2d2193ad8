/* One line into one row of the columns of a plan. */
#ifndef INFERENCE_EXPORTER_LINES_H
#define INFERENCE_EXPORTER_LINES_H

#include "plan.h"

/* Reads the object that begins at the cursor and is all of the line but white space. `number` is
   one that no line before it had, and not 0. Where it is not READ, the row is empty. */
Outcome read_line(Plan *plan, Cursor cursor, Py_ssize_t row, uint64_t number);

#endif
