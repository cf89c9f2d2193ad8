#include "scan.h"

#include <string.h>

#include "number.h"

/* Eight bytes at a time where the lowest of a word is the first in memory. */
#if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BY_WORDS 1
#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))
#endif

bool
passed_word(Cursor *cursor, const char *word, size_t length)
{
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0) {
        return false;
    }
    cursor->at += length;
    return true;
}

#ifdef BY_WORDS
/* The highest bit of every byte that is zero; right up to the first one, which is all that is used:
   the borrow of a subtraction only ever reaches the bytes behind it. */
static inline uint64_t
zeros(uint64_t word)
{
    return (word - EVERY(0x01)) & ~word & EVERY(0x80);
}

/* Of every byte that ends a run of plain characters: a quote, a backslash, a control character. */
static inline uint64_t
stops(uint64_t word)
{
    uint64_t control = (word - EVERY(0x20)) & ~word & EVERY(0x80);
    return zeros(word ^ EVERY('"')) | zeros(word ^ EVERY('\\')) | control;
}
#endif

/* The first byte from `at` on that is no plain character of a text, or the end. */
static const uint8_t *
run(const uint8_t *at, const uint8_t *end, bool *ascii)
{
    uint64_t high = 0;
#ifdef BY_WORDS
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        uint64_t stop = stops(word);
        if (stop) {
            unsigned bits = (unsigned)__builtin_ctzll(stop) & ~7u;
            high |= word & EVERY(0x80) & ((UINT64_C(1) << bits) - 1);
            at += bits / 8;
            goto done;
        }
        high |= word & EVERY(0x80);
        at += 8;
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && *at >= 0x20) {
        high |= *at & 0x80u;
        at++;
    }
#ifdef BY_WORDS
done:
#endif
    if (high) {
        *ascii = false;
    }
    return at;
}

static int
hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The four digits behind \u at a place with at least that many bytes; -1 if they are none. */
static int32_t
hex_four(const uint8_t *at)
{
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) {
            return -1;
        }
        code = code * 16 + digit;
    }
    return code;
}

static bool
is_high(int32_t code)
{
    return code >= 0xD800 && code <= 0xDBFF;
}

static bool
is_low(int32_t code)
{
    return code >= 0xDC00 && code <= 0xDFFF;
}

/* How many bytes an escape has, 0 if it is none. */
static size_t
escape_length(const uint8_t *at, const uint8_t *end)
{
    if (end - at < 2) {
        return 0;
    }
    if (at[1] != 'u') {
        return memchr("\"\\/bfnrt", at[1], 8) ? 2 : 0;
    }
    if (end - at < 6) {
        return 0;
    }
    int32_t code = hex_four(at + 2);
    if (code < 0 || is_low(code)) {
        return 0;
    }
    if (!is_high(code)) {
        return 6;
    }
    bool pair = end - at >= 12 && at[6] == '\\' && at[7] == 'u' && is_low(hex_four(at + 8));
    return pair ? 12 : 0;
}

Outcome
scan_text(Cursor *cursor, Text *text)
{
    text->start = cursor->at;
    text->escaped = false;
    text->ascii = true;
    for (;;) {
        cursor->at = run(cursor->at, cursor->end, &text->ascii);
        if (cursor->at >= cursor->end || *cursor->at < 0x20) {
            return ODD;
        }
        if (*cursor->at == '"') {
            text->length = (size_t)(cursor->at - text->start);
            cursor->at++;
            return READ;
        }
        size_t length = escape_length(cursor->at, cursor->end);
        if (!length) {
            return ODD;
        }
        text->escaped = true;
        cursor->at += length;
    }
}

static size_t
write_utf8(uint32_t code, uint8_t *to)
{
    if (code < 0x80) {
        to[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (uint8_t)(0xC0 | code >> 6);
        to[1] = (uint8_t)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (uint8_t)(0xE0 | code >> 12);
        to[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        to[2] = (uint8_t)(0x80 | (code & 0x3F));
        return 3;
    }
    to[0] = (uint8_t)(0xF0 | code >> 18);
    to[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
    to[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
    to[3] = (uint8_t)(0x80 | (code & 0x3F));
    return 4;
}

static uint8_t
plain_escape(uint8_t letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

/* Every escape is at least as long as what it stands for: six bytes for at most three, twelve for
   four. */
size_t
unescape(const Text *text, uint8_t *to)
{
    const uint8_t *at = text->start, *end = at + text->length;
    uint8_t *next = to;
    while (at < end) {
        if (*at != '\\') {
            *next++ = *at++;
            continue;
        }
        size_t length = escape_length(at, end);
        if (length == 2) {
            *next++ = plain_escape(at[1]);
        }
        else {
            uint32_t code = (uint32_t)hex_four(at + 2);
            if (length == 12) {
                uint32_t low = (uint32_t)hex_four(at + 8);
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            }
            next += write_utf8(code, next);
        }
        at += length;
    }
    return (size_t)(next - to);
}

/* A key with its colon. */
static Outcome
skip_key(Cursor *cursor)
{
    Text key;
    skip_white(cursor);
    if (!passed(cursor, '"')) {
        return ODD;
    }
    Outcome outcome = scan_text(cursor, &key);
    skip_white(cursor);
    return outcome == READ && passed(cursor, ':') ? READ : ODD;
}

static Outcome
skip_scalar(Cursor *cursor)
{
    Text text;
    Number number;
    switch (*cursor->at) {
    case '"':
        cursor->at++;
        return scan_text(cursor, &text);
    case 't':
        return passed_word(cursor, "true", 4) ? READ : ODD;
    case 'f':
        return passed_word(cursor, "false", 5) ? READ : ODD;
    case 'n':
        return passed_word(cursor, "null", 4) ? READ : ODD;
    default:
        return scan_number(cursor, &number);
    }
}

/* What is open is kept in the bits of a word, 1 for an object: no recursion, whatever the line. */
typedef struct {
    uint64_t objects;
    unsigned depth;
} Open;

/* At a value: passes it if it is a scalar or empty, else what opens it. `*inside` says which. */
static Outcome
enter(Cursor *cursor, Open *open, bool *inside)
{
    *inside = false;
    skip_white(cursor);
    if (cursor->at >= cursor->end) {
        return ODD;
    }
    bool object = *cursor->at == '{';
    if (!object && *cursor->at != '[') {
        return skip_scalar(cursor);
    }
    cursor->at++;
    skip_white(cursor);
    if (passed(cursor, object ? '}' : ']')) {
        return READ;
    }
    if (open->depth == SKIPPED_DEPTH) {
        return ODD;
    }
    open->objects = open->objects << 1 | object;
    open->depth++;
    *inside = true;
    return object ? skip_key(cursor) : READ;
}

/* Behind a value: passes what closes, up to the comma before the next value. */
static Outcome
leave(Cursor *cursor, Open *open)
{
    while (open->depth) {
        bool object = open->objects & 1;
        skip_white(cursor);
        if (passed(cursor, ',')) {
            return object ? skip_key(cursor) : READ;
        }
        if (!passed(cursor, object ? '}' : ']')) {
            return ODD;
        }
        open->objects >>= 1;
        open->depth--;
    }
    return READ;
}

Outcome
skip_value(Cursor *cursor)
{
    Open open = {0, 0};
    do {
        bool inside;
        Outcome outcome = enter(cursor, &open, &inside);
        if (outcome == READ && !inside) {
            outcome = leave(cursor, &open);
        }
        if (outcome != READ) {
            return outcome;
        }
    } while (open.depth);
    return READ;
}
