/* What is wanted of every line: a tree of keys as Python describes it, and the columns it fills. */
#ifndef INFERENCE_EXPORTER_PLAN_H
#define INFERENCE_EXPORTER_PLAN_H

#include "texts.h"

/* What is at a key, and how its column is written.

   NUMBER  floats; what is a text or a bool is kept beside them as odd
   MOMENT  as NUMBER, of ISO texts and of numbers as time since the epoch: seconds
   TEXT    Python's objects of any scalar
   FLOATS  as TEXT, with integers as floats
   WHOLE   whatever a function of Python makes of the value's bytes
   OBJECT  its keys are wanted; the column, if there is one, tells whether it was there
   LIST    as OBJECT, of places in a list of a known length
   PLACE   floats that say where in the block a plain text is (see put_place); the rest is odd */
typedef enum { NUMBER, MOMENT, TEXT, FLOATS, WHOLE, OBJECT, LIST, PLACE } Kind;

#define DEEPEST 16         /* of the tree, which is read by recursion */
#define GUESSED_KEYS 64    /* of an object: which key was at this place in the line before */
#define GUESSED_LENGTH 39  /* bytes of such a key */
#define UNESCAPED_KEY 256  /* bytes of a key with escapes; a longer one is odd */

typedef struct Node Node;

/* The same key at the same place, as in most lines, is known by one comparison. */
typedef struct {
    Node *child; /* NULL: nobody wants it */
    uint8_t length; /* 0: nothing is known yet */
    uint8_t key[GUESSED_LENGTH];
} Guess;

struct Node {
    Kind kind;
    Py_ssize_t slot; /* its column; -1: none */
    uint8_t *key;
    size_t key_length;
    Node *children;
    Py_ssize_t count;
    uint64_t seen;  /* the last line that had it: a second time in one line is odd */
    Guess *guesses; /* of an OBJECT */
};

/* A column while a block is read. Rows that a line did not fill are NaN or NULL. */
typedef struct {
    Kind kind;
    double *values;    /* of NUMBER, MOMENT and PLACE */
    PyObject **items;  /* of the others: owned */
    PyObject *odd;     /* of the same: a list of (row, object), NULL while it is empty */
    bool occurred;     /* something was there in some line of the block */
    double per_second; /* of MOMENT: numbers are divided by it */
    PyObject *decode;  /* of WHOLE */
    Known known;
} Slot;

typedef struct {
    Node root;
    Slot *slots;
    Py_ssize_t count; /* of slots */
    Py_ssize_t room;  /* rows that the columns have room for */
    const uint8_t *block; /* that is read */
} Plan;

static inline bool
has_values(const Slot *slot)
{
    return slot->kind == NUMBER || slot->kind == MOMENT || slot->kind == PLACE;
}

/* Make a plan of a description; false with an exception if it is none. A plan that was not made
   wholly is to be freed too; one of zeros may be. */
bool make_plan(Plan *plan, PyObject *description, Py_ssize_t slots);
void free_plan(Plan *plan);

/* Room for as many rows, all of them empty; false with an exception. */
bool make_room(Plan *plan, Py_ssize_t rows);

/* Let go of what the columns hold of the first `rows` rows. */
void clear_columns(Plan *plan, Py_ssize_t rows);

#endif
