#include "plan.h"

#include <math.h>
#include <string.h>

#define MOST_SLOTS 100000

static bool
refused(const char *why)
{
    PyErr_SetString(PyExc_ValueError, why);
    return false;
}

static bool read_node(Plan *plan, Node *node, PyObject *description, int depth);

/* Zeros for `count` things, freed with PyMem_Free. */
static void *
zeros_for(Py_ssize_t count, size_t size)
{
    void *made = PyMem_Calloc((size_t)count + 1, size);
    if (made == NULL) {
        PyErr_NoMemory();
    }
    return made;
}

/* One child of an object: (key, node). */
static bool
read_member(Plan *plan, Node *node, PyObject *member, int depth)
{
    if (!PyTuple_Check(member) || PyTuple_GET_SIZE(member) != 2
        || !PyBytes_Check(PyTuple_GET_ITEM(member, 0))) {
        return refused("a member is a tuple of a key, in bytes, and a node");
    }
    PyObject *key = PyTuple_GET_ITEM(member, 0);
    node->key_length = (size_t)PyBytes_GET_SIZE(key);
    node->key = zeros_for((Py_ssize_t)node->key_length, 1);
    if (node->key == NULL) {
        return false;
    }
    memcpy(node->key, PyBytes_AS_STRING(key), node->key_length);
    return read_node(plan, node, PyTuple_GET_ITEM(member, 1), depth);
}

static bool
read_children(Plan *plan, Node *node, PyObject *children, int depth)
{
    if (!PyTuple_Check(children)) {
        return refused("children are a tuple");
    }
    Py_ssize_t count = PyTuple_GET_SIZE(children);
    node->children = zeros_for(count, sizeof(Node));
    if (node->children == NULL) {
        return false;
    }
    node->count = count; /* from here on they are freed with the node */
    if (node->kind == OBJECT) {
        node->guesses = zeros_for(GUESSED_KEYS, sizeof(Guess));
        if (node->guesses == NULL) {
            return false;
        }
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *child = PyTuple_GET_ITEM(children, i);
        bool good = node->kind == OBJECT ? read_member(plan, &node->children[i], child, depth + 1)
                                         : read_node(plan, &node->children[i], child, depth + 1);
        if (!good) {
            return false;
        }
    }
    return true;
}

/* What a node says beside its kind and column: children, a unit, a function. */
static bool
read_third(Plan *plan, Node *node, PyObject *third, int depth)
{
    Slot *slot = node->slot < 0 ? NULL : &plan->slots[node->slot];
    if (node->kind == OBJECT || node->kind == LIST) {
        return read_children(plan, node, third, depth);
    }
    if (node->kind == MOMENT && slot != NULL) {
        slot->per_second = PyFloat_AsDouble(third);
        return !PyErr_Occurred();
    }
    if (node->kind == WHOLE && slot != NULL) {
        slot->decode = Py_NewRef(third);
    }
    return true;
}

/* (kind, slot, third) */
static bool
read_node(Plan *plan, Node *node, PyObject *description, int depth)
{
    long kind;
    PyObject *third;
    if (depth > DEEPEST) {
        return refused("the plan is too deep");
    }
    if (!PyTuple_Check(description)) {
        return refused("a node is a tuple of kind, column and what else there is to say");
    }
    if (!PyArg_ParseTuple(description, "lnO", &kind, &node->slot, &third)) {
        return false;
    }
    if (kind < NUMBER || kind > PLACE || node->slot < -1 || node->slot >= plan->count) {
        return refused("no such kind, or no such column");
    }
    node->kind = (Kind)kind;
    if (node->slot >= 0) {
        if (plan->slots[node->slot].occurred) {
            return refused("two nodes write one column");
        }
        plan->slots[node->slot].occurred = true; /* until the plan is made: it is taken */
        plan->slots[node->slot].kind = node->kind;
    }
    return read_third(plan, node, third, depth);
}

bool
make_plan(Plan *plan, PyObject *description, Py_ssize_t slots)
{
    if (slots < 0 || slots > MOST_SLOTS) {
        return refused("too many columns");
    }
    plan->slots = zeros_for(slots, sizeof(Slot));
    if (plan->slots == NULL) {
        return false;
    }
    plan->count = slots;
    if (!read_node(plan, &plan->root, description, 0)) {
        return false;
    }
    for (Py_ssize_t i = 0; i < slots; i++) {
        if (!plan->slots[i].occurred) {
            return refused("a column that no node writes");
        }
        plan->slots[i].occurred = false;
    }
    return plan->root.kind == OBJECT ? true : refused("a line is an object");
}

static void
free_node(Node *node)
{
    for (Py_ssize_t i = 0; i < node->count; i++) {
        free_node(&node->children[i]);
    }
    PyMem_Free(node->children);
    PyMem_Free(node->guesses);
    PyMem_Free(node->key);
}

void
free_plan(Plan *plan)
{
    free_node(&plan->root);
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        Slot *slot = &plan->slots[i];
        PyMem_Free(slot->values);
        PyMem_Free(slot->items);
        Py_XDECREF(slot->odd);
        Py_XDECREF(slot->decode);
        forget_texts(&slot->known);
    }
    PyMem_Free(plan->slots);
}

static bool
slot_room(Slot *slot, Py_ssize_t rows)
{
    void **place = has_values(slot) ? (void **)&slot->values : (void **)&slot->items;
    size_t size = has_values(slot) ? sizeof(double) : sizeof(PyObject *);
    PyMem_Free(*place);
    *place = zeros_for(rows, size);
    return *place != NULL;
}

bool
make_room(Plan *plan, Py_ssize_t rows)
{
    if (rows <= plan->room) {
        return true;
    }
    plan->room = 0; /* should one of them fail, all are made again the next time */
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        if (!slot_room(&plan->slots[i], rows)) {
            return false;
        }
    }
    plan->room = rows;
    return true;
}

void
clear_columns(Plan *plan, Py_ssize_t rows)
{
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        Slot *slot = &plan->slots[i];
        for (Py_ssize_t row = 0; !has_values(slot) && row < rows; row++) {
            Py_CLEAR(slot->items[row]);
        }
        Py_CLEAR(slot->odd);
        slot->occurred = false;
        slot->known.hits = slot->known.misses = 0;
    }
}
