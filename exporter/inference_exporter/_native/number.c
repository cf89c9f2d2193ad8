#include "number.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MOST_DIGITS 19 /* of which any fit into 64 bits */
#define LARGEST_EXPONENT 9999
#define LONGEST 63 /* bytes of a number that is read by its text */

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
#define FLOATS_ARE_DOUBLES 1 /* one operation rounds once */
#endif

static const double TENS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#define EXACT_TENS 22 /* the powers of ten that are floats */

static bool
is_digit(const Cursor *cursor)
{
    return cursor->at < cursor->end && (uint8_t)(*cursor->at - '0') < 10;
}

/* Takes digits up; `*count` is how many of the digits so far are significant. Those that are too
   many are only counted: the number is then not exact, and read by its text. */
static void
take_digits(Cursor *cursor, Number *number, unsigned *count)
{
    while (is_digit(cursor)) {
        unsigned digit = *cursor->at++ - '0';
        if (*count < MOST_DIGITS) {
            number->digits = number->digits * 10 + digit;
        }
        *count += *count || digit;
    }
}

static Outcome
take_exponent(Cursor *cursor, Number *number)
{
    bool negative = passed(cursor, '-');
    int exponent = 0;
    if (!negative) {
        passed(cursor, '+');
    }
    if (!is_digit(cursor)) {
        return ODD;
    }
    while (is_digit(cursor)) {
        exponent = exponent * 10 + (*cursor->at++ - '0');
        if (exponent > LARGEST_EXPONENT) {
            return ODD;
        }
    }
    number->exponent += negative ? -exponent : exponent;
    return READ;
}

Outcome
scan_number(Cursor *cursor, Number *number)
{
    unsigned count = 0;
    *number = (Number){.start = cursor->at, .integer = true};
    number->negative = passed(cursor, '-');
    if (!is_digit(cursor)) {
        return ODD;
    }
    if (*cursor->at == '0') {
        cursor->at++;
        if (is_digit(cursor)) {
            return ODD;
        }
    }
    else {
        take_digits(cursor, number, &count);
    }
    if (passed(cursor, '.')) {
        const uint8_t *point = cursor->at;
        number->integer = false;
        take_digits(cursor, number, &count);
        if (cursor->at == point || cursor->at - point > LARGEST_EXPONENT) {
            return ODD;
        }
        number->exponent = -(int)(cursor->at - point);
    }
    if (passed(cursor, 'e') || passed(cursor, 'E')) {
        number->integer = false;
        if (take_exponent(cursor, number) != READ) {
            return ODD;
        }
    }
    number->exact = count <= MOST_DIGITS;
    number->length = (size_t)(cursor->at - number->start);
    return READ;
}

#ifdef __SIZEOF_INT128__
typedef unsigned __int128 Wide;

static const uint64_t WHOLE_TENS[] = {
    UINT64_C(1), UINT64_C(10), UINT64_C(100), UINT64_C(1000), UINT64_C(10000), UINT64_C(100000),
    UINT64_C(1000000), UINT64_C(10000000), UINT64_C(100000000), UINT64_C(1000000000),
    UINT64_C(10000000000), UINT64_C(100000000000), UINT64_C(1000000000000),
    UINT64_C(10000000000000), UINT64_C(100000000000000), UINT64_C(1000000000000000),
    UINT64_C(10000000000000000), UINT64_C(100000000000000000), UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000)};
#define MOST_TENS 19

/* `digits` / 10^`tens`, rounded once: both are shifted until their highest bits are set, so that the
   quotient has 63 or 64 bits, and what is left over is only asked whether it is nothing. Its lowest
   bit then stands for all that is behind it, eleven bits behind the last one that a float keeps. */
static double
divided(uint64_t digits, int tens)
{
    uint64_t by = WHOLE_TENS[tens];
    int up = __builtin_clzll(digits), by_up = __builtin_clzll(by);
    Wide dividend = (Wide)(digits << up) << 63;
    by <<= by_up;
    uint64_t quotient = (uint64_t)(dividend / by);
    uint64_t rest = (uint64_t)(dividend - (Wide)quotient * by);
    return ldexp((double)(quotient | (rest != 0)), by_up - up - 63);
}

/* `digits` * 10^`tens`, rounded once. */
static double
multiplied(uint64_t digits, int tens)
{
    Wide product = (Wide)digits * WHOLE_TENS[tens];
    uint64_t high = (uint64_t)(product >> 64);
    if (!high) {
        return (double)(uint64_t)product;
    }
    int down = 64 - __builtin_clzll(high);
    uint64_t kept = (uint64_t)(product >> down);
    bool rest = (product & (((Wide)1 << down) - 1)) != 0;
    return ldexp((double)(kept | rest), down);
}
#endif

/* What has too many digits or too large an exponent: Python's own reading of a text. */
static Outcome
by_text(const Number *number, double *value)
{
    char text[LONGEST + 1];
    if (number->length > LONGEST) {
        return ODD;
    }
    memcpy(text, number->start, number->length);
    text[number->length] = '\0';
    *value = PyOS_string_to_double(text, NULL, NULL);
    if (*value == -1.0 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_MemoryError)) {
            return FAILED;
        }
        PyErr_Clear();
        return ODD;
    }
    return isfinite(*value) ? READ : ODD;
}

/* The number without its sign, if it is exact and of a size that one operation gives. */
static bool
at_once(const Number *number, double *value)
{
    uint64_t digits = number->digits;
    int exponent = number->exponent;
    if (digits == 0) {
        *value = 0.0;
        return true;
    }
#ifdef FLOATS_ARE_DOUBLES
    /* Both are floats, and one operation on floats is rounded once (Clinger 1990). */
    if (digits <= UINT64_C(1) << 53 && exponent >= -EXACT_TENS && exponent <= EXACT_TENS) {
        double whole = (double)digits;
        *value = exponent < 0 ? whole / TENS[-exponent] : whole * TENS[exponent];
        return true;
    }
#endif
#ifdef __SIZEOF_INT128__
    if (exponent >= -MOST_TENS && exponent <= MOST_TENS) {
        *value = exponent < 0 ? divided(digits, -exponent) : multiplied(digits, exponent);
        return true;
    }
#endif
    return false;
}

Outcome
as_double(const Number *number, double *value)
{
    if (number->integer && (!number->exact || (number->negative && number->digits == 0))) {
        return ODD;
    }
    if (!number->exact || !at_once(number, value)) {
        return by_text(number, value);
    }
    if (number->negative) {
        *value = -*value;
    }
    return READ;
}

/* Python's own reading of an integer that no machine word holds. */
static PyObject *
long_integer(const Number *number)
{
    char text[LONGEST + 1];
    memcpy(text, number->start, number->length);
    text[number->length] = '\0';
    return PyLong_FromString(text, NULL, 10);
}

Outcome
as_integer(const Number *number, PyObject **made)
{
    if (number->length > LONGEST) {
        return ODD;
    }
    if (number->exact && !number->negative) {
        *made = PyLong_FromUnsignedLongLong(number->digits);
    }
    else if (number->exact && number->digits <= INT64_MAX) {
        *made = PyLong_FromLongLong(-(long long)number->digits);
    }
    else {
        *made = long_integer(number);
    }
    return *made == NULL ? FAILED : READ;
}
