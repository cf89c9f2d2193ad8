#include "moment.h"

#define FIRST_YEAR 1971
#define LAST_YEAR 2199
#define SHORTEST 19 /* bytes without a fraction and a zone */

/* Two digits; more than 99 if they are none. */
static unsigned
two(const uint8_t *at)
{
    unsigned tens = (unsigned)(at[0] - '0'), ones = (unsigned)(at[1] - '0');
    return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

static bool
is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since the epoch; negative if it is no date between the first and the last year. */
static int64_t
days_of(const uint8_t *at)
{
    static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    unsigned year = two(at) * 100 + two(at + 2), month = two(at + 5), day = two(at + 8);
    if (at[4] != '-' || at[7] != '-' || year < FIRST_YEAR || year > LAST_YEAR || month < 1
        || month > 12) {
        return -1;
    }
    unsigned leap = is_leap(year);
    unsigned days = (unsigned)(before[month] - before[month - 1]) + (month == 2 ? leap : 0);
    if (day < 1 || day > days) {
        return -1;
    }
    unsigned past = year - 1;
    int64_t years = (int64_t)365 * (year - 1970) + (past / 4 - 1969 / 4) - (past / 100 - 1969 / 100)
                    + (past / 400 - 1969 / 400);
    return years + before[month - 1] + (month > 2 ? leap : 0) + day - 1;
}

/* Seconds of the day; negative if it is no time of day. */
static int64_t
time_of(const uint8_t *at)
{
    unsigned hour = two(at), minute = two(at + 3), second = two(at + 6);
    if (at[2] != ':' || at[5] != ':' || hour > 23 || minute > 59 || second > 59) {
        return -1;
    }
    return (int64_t)hour * 3600 + minute * 60 + second;
}

/* Passes a fraction of a second, if there is one. */
static Outcome
take_fraction(Cursor *cursor, unsigned *micros)
{
    unsigned digits = 0;
    *micros = 0;
    if (!passed(cursor, '.') && !passed(cursor, ',')) {
        return READ;
    }
    while (cursor->at < cursor->end && (uint8_t)(*cursor->at - '0') < 10) {
        if (digits++ < 6) {
            *micros = *micros * 10 + (unsigned)(*cursor->at - '0');
        }
        cursor->at++;
    }
    for (unsigned i = digits; i < 6; i++) {
        *micros *= 10;
    }
    return digits >= 1 && digits <= 9 ? READ : ODD;
}

/* Seconds east of Greenwich, of a zone that takes up all that is left. */
static Outcome
take_zone(Cursor *cursor, int64_t *east)
{
    *east = 0;
    if (cursor->at == cursor->end) {
        return READ;
    }
    if (passed(cursor, 'Z')) {
        return cursor->at == cursor->end ? READ : ODD;
    }
    bool west = passed(cursor, '-');
    if (!west && !passed(cursor, '+')) {
        return ODD;
    }
    ptrdiff_t left = cursor->end - cursor->at;
    if (!(left == 4 || (left == 5 && cursor->at[2] == ':'))) {
        return ODD;
    }
    unsigned hours = two(cursor->at), minutes = two(cursor->end - 2);
    if (hours > 23 || minutes > 59) {
        return ODD;
    }
    *east = ((int64_t)hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return READ;
}

Outcome
read_moment(const Text *text, double *seconds)
{
    const uint8_t *at = text->start;
    if (text->length < SHORTEST || text->escaped || (at[10] != 'T' && at[10] != ' ')) {
        return ODD;
    }
    int64_t days = days_of(at), time = time_of(at + 11), east;
    unsigned micros;
    Cursor rest = {at + SHORTEST, at + text->length};
    if (days < 0 || time < 0 || take_fraction(&rest, &micros) != READ
        || take_zone(&rest, &east) != READ) {
        return ODD;
    }
    /* Rounded in the same places as formats/columns/iso.py does it. */
    *seconds = (double)(days * 86400 + time - east) + micros / 1e6;
    return READ;
}
