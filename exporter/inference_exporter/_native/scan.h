/* JSON without meaning: white space, texts, literals, and values that nobody asked for. */
#ifndef INFERENCE_EXPORTER_SCAN_H
#define INFERENCE_EXPORTER_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

/* A place in a line, and where the line ends. Nothing at or behind `end` is ever read. */
typedef struct {
    const uint8_t *at;
    const uint8_t *end;
} Cursor;

/* What is between two quotes, as it was written. */
typedef struct {
    const uint8_t *start;
    size_t length;
    bool escaped; /* it has a backslash in it; all its escapes are valid */
    bool ascii;
} Text;

static inline void
skip_white(Cursor *cursor)
{
    while (cursor->at < cursor->end
           && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\r')) {
        cursor->at++;
    }
}

/* Whether the next byte is this one; if so it is passed. */
static inline bool
passed(Cursor *cursor, uint8_t byte)
{
    if (cursor->at < cursor->end && *cursor->at == byte) {
        cursor->at++;
        return true;
    }
    return false;
}

/* Whether `word` is next; if so it is passed. */
bool passed_word(Cursor *cursor, const char *word, size_t length);

/* Reads a text of which the opening quote was passed, with its closing quote. Odd are control
   characters, and escapes that are none or half of a pair. */
Outcome scan_text(Cursor *cursor, Text *text);

/* Passes any value. Odd is also what is nested deeper than SKIPPED_DEPTH. */
#define SKIPPED_DEPTH 64
Outcome skip_value(Cursor *cursor);

/* Writes the bytes of an escaped text, UTF-8, of at most `text->length`; returns how many. */
size_t unescape(const Text *text, uint8_t *to);

#endif
