#include "lines.h"

#include <math.h>
#include <string.h>

#include "leaves.h"

static Outcome read_value(Line *line, Node *node);

static Node *
child_of(Node *node, const uint8_t *key, size_t length)
{
    for (Py_ssize_t i = 0; i < node->count; i++) {
        Node *child = &node->children[i];
        if (child->key_length == length && memcmp(child->key, key, length) == 0) {
            return child;
        }
    }
    return NULL;
}

/* The child of a key as it is written, which may be with escapes. */
static Outcome
find_child(Node *node, const Text *key, Node **child)
{
    uint8_t room[UNESCAPED_KEY];
    if (!key->escaped) {
        *child = child_of(node, key->start, key->length);
        return READ;
    }
    if (key->length > UNESCAPED_KEY) {
        return ODD;
    }
    *child = child_of(node, room, unescape(key, room));
    return READ;
}

static bool
is_guessed(const Guess *guess, const Cursor *cursor)
{
    return guess->length && cursor->end - cursor->at > guess->length
           && cursor->at[guess->length] == '"'
           && memcmp(cursor->at, guess->key, guess->length) == 0;
}

/* Passes the key of the n-th member, quotes and all. */
static Outcome
take_key(Line *line, Node *node, size_t n, Node **child)
{
    Cursor *cursor = &line->cursor;
    Guess *guess = n < GUESSED_KEYS ? &node->guesses[n] : NULL;
    if (!passed(cursor, '"')) {
        return ODD;
    }
    if (guess != NULL && is_guessed(guess, cursor)) {
        cursor->at += guess->length + 1;
        *child = guess->child;
        return READ;
    }
    Text key;
    if (scan_text(cursor, &key) != READ || find_child(node, &key, child) != READ) {
        return ODD;
    }
    if (guess != NULL && key.length <= GUESSED_LENGTH) {
        guess->length = (uint8_t)key.length;
        guess->child = *child;
        memcpy(guess->key, key.start, key.length);
    }
    return READ;
}

static Outcome
read_member_value(Line *line, Node *child)
{
    if (child == NULL) {
        return skip_value(&line->cursor);
    }
    if (child->seen == line->number) {
        return ODD;
    }
    child->seen = line->number;
    return read_value(line, child);
}

/* The members of an object of which the brace was passed, up to and with its end. */
static Outcome
read_members(Line *line, Node *node)
{
    Cursor *cursor = &line->cursor;
    skip_white(cursor);
    if (passed(cursor, '}')) {
        return READ;
    }
    for (size_t n = 0;; n++) {
        Node *child;
        Outcome outcome = take_key(line, node, n, &child);
        skip_white(cursor);
        if (outcome != READ || !passed(cursor, ':')) {
            return ODD;
        }
        skip_white(cursor);
        outcome = read_member_value(line, child);
        if (outcome != READ) {
            return outcome;
        }
        skip_white(cursor);
        if (passed(cursor, '}')) {
            return READ;
        }
        if (!passed(cursor, ',')) {
            return ODD;
        }
        skip_white(cursor);
    }
}

/* The entries of a list of which the bracket was passed; odd if it has not as many as it should. */
static Outcome
read_entries(Line *line, Node *node)
{
    Cursor *cursor = &line->cursor;
    for (Py_ssize_t i = 0; i < node->count; i++) {
        if (i && !passed(cursor, ',')) {
            return ODD;
        }
        skip_white(cursor);
        Outcome outcome = read_value(line, &node->children[i]);
        if (outcome != READ) {
            return outcome;
        }
        skip_white(cursor);
    }
    skip_white(cursor);
    return passed(cursor, ']') ? READ : ODD;
}

static Outcome
read_container(Line *line, Node *node)
{
    Cursor *cursor = &line->cursor;
    if (passed_word(cursor, "null", 4)) {
        return READ;
    }
    if (!passed(cursor, node->kind == OBJECT ? '{' : '[')) {
        return ODD;
    }
    if (node->slot >= 0) {
        put_object(line, &line->plan->slots[node->slot], Py_NewRef(Py_True));
    }
    return node->kind == OBJECT ? read_members(line, node) : read_entries(line, node);
}

/* Recursion is as deep as the plan is, whatever the line: nobody's values are skipped in a loop. */
static Outcome
read_value(Line *line, Node *node)
{
    if (line->cursor.at >= line->cursor.end) {
        return ODD;
    }
    if (node->kind == OBJECT || node->kind == LIST) {
        return read_container(line, node);
    }
    if (node->slot < 0) {
        return skip_value(&line->cursor);
    }
    return read_leaf(line, &line->plan->slots[node->slot]);
}

static void
start_row(Plan *plan, Py_ssize_t row)
{
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        if (has_values(&plan->slots[i])) {
            plan->slots[i].values[row] = NAN;
        }
    }
}

/* What an odd line has filled already. Python replaces what is odd beside the numbers. */
static void
empty_row(Plan *plan, Py_ssize_t row)
{
    start_row(plan, row);
    for (Py_ssize_t i = 0; i < plan->count; i++) {
        if (!has_values(&plan->slots[i])) {
            Py_CLEAR(plan->slots[i].items[row]);
        }
    }
}

Outcome
read_line(Plan *plan, Cursor cursor, Py_ssize_t row, uint64_t number)
{
    Line line = {plan, cursor, row, number};
    start_row(plan, row);
    Outcome outcome = passed(&line.cursor, '{') ? read_members(&line, &plan->root) : ODD;
    skip_white(&line.cursor);
    if (outcome == READ && line.cursor.at != line.cursor.end) {
        outcome = ODD;
    }
    if (outcome != READ) {
        empty_row(plan, row);
    }
    return outcome;
}
