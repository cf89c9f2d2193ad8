/* inference_exporter._native._columns: blocks of JSON lines to columns, by a plan. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "counts.h"
#include "lines.h"

#ifndef SOURCES
#define SOURCES "" /* hatch_build.py says from which files this was made */
#endif

typedef struct {
    PyObject_HEAD
    Plan plan;
    uint64_t lines; /* that were ever read: the number of the last one */
    bool busy;      /* a finalizer or a function for whole values might come back here */
} Reader;

/* What became of a block, beside the columns. */
typedef struct {
    Py_ssize_t rows;
    Py_ssize_t blank;
    PyObject *odd; /* a list of (row, start, end) */
} Found;

static PyObject *
reader_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"description", "columns", NULL};
    PyObject *description;
    Py_ssize_t columns;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "On", names, &description, &columns)) {
        return NULL;
    }
    Reader *reader = (Reader *)type->tp_alloc(type, 0);
    if (reader != NULL && !make_plan(&reader->plan, description, columns)) {
        Py_CLEAR(reader);
    }
    return (PyObject *)reader;
}

static void
reader_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    free_plan(&((Reader *)self)->plan);
    type->tp_free(self);
    Py_DECREF(type);
}

static Py_ssize_t
count_lines(const uint8_t *at, const uint8_t *end)
{
    Py_ssize_t lines = 0;
    while (at < end) {
        const uint8_t *found = memchr(at, '\n', (size_t)(end - at));
        at = found == NULL ? end : found + 1;
        lines++;
    }
    return lines;
}

/* A line that Python is to read: an empty row, and where it is. */
static bool
note_odd(Found *found, Py_ssize_t start, Py_ssize_t end)
{
    PyObject *place = Py_BuildValue("(nnn)", found->rows, start, end);
    if (place == NULL) {
        return false;
    }
    int failed = PyList_Append(found->odd, place);
    Py_DECREF(place);
    return !failed;
}

/* One line of the block, without its end. */
static bool
take_line(Reader *reader, const uint8_t *block, Cursor line, Found *found)
{
    Py_ssize_t start = line.at - block, end = line.end - block;
    skip_white(&line);
    if (line.at == line.end) {
        found->blank++;
        return true;
    }
    /* As in the Python path, what is before the first brace does not count. */
    const uint8_t *brace = memchr(line.at, '{', (size_t)(line.end - line.at));
    line.at = brace == NULL ? line.at : brace;
    Outcome outcome = read_line(&reader->plan, line, found->rows, ++reader->lines);
    if (outcome == FAILED || (outcome == ODD && !note_odd(found, start, end))) {
        return false;
    }
    found->rows++;
    return true;
}

static bool
take_lines(Reader *reader, const uint8_t *block, const uint8_t *end, Found *found)
{
    const uint8_t *at = block;
    while (at < end) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL) {
            stop = end;
        }
        if (!take_line(reader, block, (Cursor){at, stop}, found)) {
            return false;
        }
        at = stop == end ? end : stop + 1;
    }
    return true;
}

/* A column of numbers as Python sees it: (bytearray of floats, list of what is odd or None). */
static PyObject *
numbers_of(Slot *slot, Py_ssize_t rows)
{
    PyObject *values = PyByteArray_FromStringAndSize((const char *)slot->values,
                                                     rows * (Py_ssize_t)sizeof(double));
    if (values == NULL) {
        return NULL;
    }
    PyObject *odd = slot->odd == NULL ? Py_NewRef(Py_None) : slot->odd;
    slot->odd = NULL;
    return Py_BuildValue("(NN)", values, odd);
}

/* A column of objects: a list that takes over the references. */
static PyObject *
objects_of(Slot *slot, Py_ssize_t rows)
{
    PyObject *list = PyList_New(rows);
    if (list == NULL) {
        return NULL;
    }
    for (Py_ssize_t row = 0; row < rows; row++) {
        PyObject *item = slot->items[row];
        slot->items[row] = NULL;
        PyList_SET_ITEM(list, row, item == NULL ? Py_NewRef(Py_None) : item);
    }
    return list;
}

static PyObject *
column_of(Slot *slot, Py_ssize_t rows)
{
    if (!slot->occurred) {
        return Py_NewRef(Py_None);
    }
    return has_values(slot) ? numbers_of(slot, rows) : objects_of(slot, rows);
}

static PyObject *
columns_of(Plan *plan, Py_ssize_t rows)
{
    PyObject *columns = PyTuple_New(plan->count);
    for (Py_ssize_t i = 0; columns != NULL && i < plan->count; i++) {
        PyObject *column = column_of(&plan->slots[i], rows);
        if (column == NULL) {
            Py_CLEAR(columns);
            break;
        }
        PyTuple_SET_ITEM(columns, i, column);
    }
    return columns;
}

static PyObject *
decode_block(Reader *reader, const uint8_t *block, Py_ssize_t length)
{
    const uint8_t *end = block + length;
    Found found = {0, 0, PyList_New(0)};
    reader->plan.block = block;
    PyObject *columns = NULL;
    if (found.odd != NULL && make_room(&reader->plan, count_lines(block, end))
        && take_lines(reader, block, end, &found)) {
        columns = columns_of(&reader->plan, found.rows);
    }
    /* A line that failed may have filled a part of the row behind the last one. */
    Py_ssize_t filled = found.rows < reader->plan.room ? found.rows + 1 : reader->plan.room;
    clear_columns(&reader->plan, filled);
    if (columns == NULL) {
        Py_XDECREF(found.odd);
        return NULL;
    }
    return Py_BuildValue("(nNNn)", found.rows, columns, found.odd, found.blank);
}

static PyObject *
reader_decode(PyObject *self, PyObject *argument)
{
    Reader *reader = (Reader *)self;
    Py_buffer block;
    if (reader->busy) {
        PyErr_SetString(PyExc_RuntimeError, "this reader is at work");
        return NULL;
    }
    if (PyObject_GetBuffer(argument, &block, PyBUF_SIMPLE)) {
        return NULL;
    }
    reader->busy = true;
    PyObject *result = decode_block(reader, block.buf, block.len);
    reader->busy = false;
    PyBuffer_Release(&block);
    return result;
}

PyDoc_STRVAR(decode_doc, "decode(block) -> (rows, columns, odd lines, blank lines)");

static PyMethodDef reader_methods[] = {
    {"decode", reader_decode, METH_O, decode_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_new, reader_new},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_methods, reader_methods},
    {Py_tp_doc, "Reads blocks of JSON lines by a description of what is wanted of them."},
    {0, NULL},
};

static PyType_Spec reader_spec = {
    .name = "inference_exporter._native._columns.Reader",
    .basicsize = sizeof(Reader),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = reader_slots,
};

static int
add_functions(PyObject *module)
{
    static PyMethodDef functions[9];
    PyMethodDef all[] = {bins_method,   durations_method,    codes_method,
                         hashes_method, fingerprints_method, meet_method,
                         unwrapped_method, may_be_wrapped_method};
    memcpy(functions, all, sizeof(all)); /* Python keeps the table */
    return PyModule_AddFunctions(module, functions);
}

static int
fill_module(PyObject *module)
{
    static const struct {
        const char *name;
        Kind kind;
    } kinds[] = {{"NUMBER", NUMBER}, {"MOMENT", MOMENT}, {"TEXT", TEXT}, {"FLOATS", FLOATS},
                 {"WHOLE", WHOLE},   {"OBJECT", OBJECT}, {"LIST", LIST},     {"PLACE", PLACE}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (PyModule_AddIntConstant(module, kinds[i].name, kinds[i].kind)) {
            return -1;
        }
    }
    if (PyModule_AddStringConstant(module, "SOURCES", SOURCES) || add_functions(module)) {
        return -1;
    }
    PyObject *type = PyType_FromModuleAndSpec(module, &reader_spec, NULL);
    if (type == NULL) {
        return -1;
    }
    int failed = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return failed;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, fill_module},
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_columns",
    .m_doc = "Blocks of JSON lines to columns, by a plan.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit__columns(void)
{
    return PyModuleDef_Init(&module_definition);
}
