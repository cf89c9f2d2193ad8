/* Numbers to bins, and what is in each added up: see accumulators/numeric_table.py, histogram.py. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "counts.h"

#define LARGEST_DEVIATION 1e150 /* as in numeric_table.py */

/* A column of a table: where its cells are, and how a value's is found. */
typedef struct {
    double low, scale, last, mean;
    int64_t base;    /* of its part of the guide */
    int64_t start;   /* of its cells */
    int64_t stride;  /* from the count of a cell to its sum */
    int64_t missing; /* the cell; the next one is of invalid values */
    int64_t squares;
    int64_t searched; /* edges to search among; -1: there is a guide */
} Column;

typedef struct {
    Array index, out, first, upper, inputs;
    Py_ssize_t rows, groups, cells, steps;
} Table;

/* Whether a cell is one of those between edges. */
static bool
is_own(const Column *column, int64_t cell)
{
    return cell >= column->start && cell - column->start <= column->stride - 3;
}

static int64_t
cell_of(const Column *column, const Table *table, double value)
{
    const double *upper = table->upper.view.buf;
    if (column->searched >= 0) {
        int64_t low = column->start, high = column->start + column->searched;
        while (low < high) {
            int64_t middle = low + (high - low) / 2;
            if (upper[middle] < value) {
                low = middle + 1;
            }
            else {
                high = middle;
            }
        }
        return low;
    }
    double place = (value - column->low) * column->scale;
    if (!(place < column->last)) {
        place = column->last;
    }
    if (!(place > 0.0)) {
        place = 0.0;
    }
    int64_t cell = ((const int64_t *)table->first.view.buf)[column->base + (int64_t)place];
    for (Py_ssize_t step = 0; step < table->steps && is_own(column, cell); step++) {
        cell += value > upper[cell];
    }
    return cell;
}

static double
deviation_of(const Column *column, double value)
{
    double deviation = value - column->mean;
    if (deviation < -LARGEST_DEVIATION) {
        return -LARGEST_DEVIATION;
    }
    return deviation > LARGEST_DEVIATION ? LARGEST_DEVIATION : deviation;
}

/* False if a value's cell is not one of the column's: the table was not sound. */
static bool
count_column(const Column *column, const Table *table, const double *values, const char *invalid)
{
    const int64_t *index = table->index.view.buf;
    const char *inputs = table->inputs.view.buf;
    for (Py_ssize_t row = 0; row < table->rows; row++) {
        double *out = (double *)table->out.view.buf + index[row] * table->cells;
        double value = values[row];
        if (isnan(value) || (invalid != NULL && invalid[row])) {
            bool bad = invalid != NULL && invalid[row];
            if (bad || inputs == NULL || inputs[row]) {
                out[column->missing + bad] += 1.0;
            }
            continue;
        }
        int64_t cell = cell_of(column, table, value);
        if (!is_own(column, cell)) {
            return false;
        }
        double deviation = deviation_of(column, value);
        out[cell] += 1.0;
        out[cell + column->stride] += deviation;
        out[column->squares] += deviation * deviation;
    }
    return true;
}

/* Whether indexes of a caller are in a range. */
static bool
are_below(const Array *array, int64_t limit)
{
    const int64_t *numbers = array->view.buf;
    bool well = true;
    for (Py_ssize_t i = 0; i < array->length; i++) {
        well &= numbers[i] >= 0 && numbers[i] < limit;
    }
    if (!well) {
        PyErr_SetString(PyExc_ValueError, "an index is out of its range");
    }
    return well;
}

/* What would make `count_column` read or write beside its arrays. */
static bool
is_sound(const Column *column, const Table *table)
{
    int64_t cells = table->cells, last = (int64_t)table->first.length - 1;
    bool guided = column->searched < 0;
    bool well = column->start >= 0 && column->stride >= 3 && column->base >= 0
                && column->start + 2 * column->stride - 2 <= cells
                && column->missing >= 0 && column->missing + 1 < cells && column->squares >= 0
                && column->squares < cells && column->last >= 0.0
                && (!guided || column->base + column->last <= (double)last)
                && (guided || column->searched <= column->stride - 2);
    if (!well) {
        PyErr_SetString(PyExc_ValueError, "a column does not fit its table");
    }
    return well;
}

/* (values, invalid or None, the numbers of a Column) */
static bool
count_one(PyObject *description, const Table *table)
{
    Array values = {0};
    Py_buffer invalid = {0};
    Column c;
    long long base, start, stride, missing, squares, searched;
    if (!PyArg_ParseTuple(description, "y*z*ddddLLLLLL", &values.view, &invalid, &c.low, &c.scale,
                          &c.last, &c.mean, &base, &start, &stride, &missing, &squares,
                          &searched)) {
        return false;
    }
    c.base = base;
    c.start = start;
    c.stride = stride;
    c.missing = missing;
    c.squares = squares;
    c.searched = searched;
    bool well = is_of(&values, table->rows) && is_sound(&c, table);
    if (well && invalid.buf != NULL && invalid.len != table->rows) {
        PyErr_SetString(PyExc_ValueError, "invalid marks are not of these rows");
        well = false;
    }
    bool sound = well;
    if (well) {
        Py_BEGIN_ALLOW_THREADS
        sound = count_column(&c, table, values.view.buf, invalid.buf);
        Py_END_ALLOW_THREADS
    }
    if (well && !sound) {
        PyErr_SetString(PyExc_ValueError, "a guide leads to cells of another column");
        well = false;
    }
    done(&values);
    if (invalid.obj != NULL) {
        PyBuffer_Release(&invalid);
    }
    return well;
}

static bool
count_all(PyObject *columns, Table *table)
{
    sized(&table->index);
    sized(&table->first);
    table->rows = table->index.length;
    if (table->groups < 1 || table->cells < 1 || !is_of(&table->out, table->groups * table->cells)
        || !is_of(&table->upper, table->cells) || !are_below(&table->index, table->groups)) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "a table without groups or cells");
        }
        return false;
    }
    if (table->inputs.view.buf != NULL && table->inputs.view.len != table->rows) {
        PyErr_SetString(PyExc_ValueError, "inputs are not of these rows");
        return false;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(columns); i++) {
        if (!count_one(PyTuple_GET_ITEM(columns, i), table)) {
            return false;
        }
    }
    return true;
}

static PyObject *
bins(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    Table table = {0};
    PyObject *columns;
    bool well = false;
    if (PyArg_ParseTuple(arguments, "O!y*z*nny*y*nw*", &PyTuple_Type, &columns, &table.index.view,
                         &table.inputs.view, &table.groups, &table.cells, &table.first.view,
                         &table.upper.view, &table.steps, &table.out.view)) {
        well = count_all(columns, &table);
        done(&table.index);
        done(&table.inputs);
        done(&table.first);
        done(&table.upper);
        done(&table.out);
    }
    if (!well) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* Durations: the upper bits of a float point at the first cell that it can be in. */
typedef struct {
    Array values, index, first, upper, out;
    Py_ssize_t groups, cells; /* of a group: those of the grid, and the sum */
    long long lowest;
    int shift;
    Py_ssize_t steps;
} Histogram;

static void
count_durations(const Histogram *one)
{
    const double *values = one->values.view.buf, *upper = one->upper.view.buf;
    const int64_t *index = one->index.view.buf, *first = one->first.view.buf;
    int64_t last = (int64_t)one->first.length - 1;
    for (Py_ssize_t row = 0; row < one->values.length; row++) {
        double value = values[row], size = fabs(value);
        if (isnan(value)) {
            continue;
        }
        int64_t bits;
        memcpy(&bits, &size, 8);
        int64_t place = (bits >> one->shift) - one->lowest;
        int64_t cell = first[place < 0 ? 0 : place > last ? last : place];
        for (Py_ssize_t step = 0; step < one->steps; step++) {
            cell += value > upper[cell];
        }
        double *out = (double *)one->out.view.buf + index[row] * one->cells;
        out[cell] += 1.0;
        out[one->cells - 1] += value;
    }
}

static bool
take_durations(Histogram *one)
{
    sized(&one->values);
    sized(&one->first);
    if (one->groups < 1 || one->cells < 2 || one->first.length < 1 || one->shift < 0
        || one->shift > 63 || one->lowest < 0) {
        PyErr_SetString(PyExc_ValueError, "a histogram without groups or cells");
        return false;
    }
    /* Behind the last edge is infinity, which nothing is above. */
    if (!is_of(&one->index, one->values.length) || !is_of(&one->upper, one->cells - 1)
        || !is_of(&one->out, one->groups * one->cells) || !are_below(&one->index, one->groups)
        || !are_below(&one->first, one->cells - 1)) {
        return false;
    }
    if (((const double *)one->upper.view.buf)[one->cells - 2] != INFINITY) {
        PyErr_SetString(PyExc_ValueError, "the last cell is not open");
        return false;
    }
    Py_BEGIN_ALLOW_THREADS
    count_durations(one);
    Py_END_ALLOW_THREADS
    return true;
}

static PyObject *
durations(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    Histogram one = {0};
    bool well = false;
    if (PyArg_ParseTuple(arguments, "y*y*nny*Liy*nw*", &one.values.view, &one.index.view,
                         &one.groups, &one.cells, &one.first.view, &one.lowest, &one.shift,
                         &one.upper.view, &one.steps, &one.out.view)) {
        well = take_durations(&one);
        done(&one.values);
        done(&one.index);
        done(&one.first);
        done(&one.upper);
        done(&one.out);
    }
    if (!well) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyMethodDef bins_method = {
    "bins", bins, METH_VARARGS,
    "bins(columns, index, inputs, groups, cells, first, upper, steps, out): see numeric_table.py"};
PyMethodDef durations_method = {
    "durations", durations, METH_VARARGS,
    "durations(values, index, groups, cells, first, lowest, shift, upper, steps, out)"};
