/* Points in time that ISO 8601 writes, as seconds since the Unix epoch. */
#ifndef INFERENCE_EXPORTER_MOMENT_H
#define INFERENCE_EXPORTER_MOMENT_H

#include "scan.h"

/* Reads `2026-11-23T01:07:20.204Z` and its like: a space for the T, a comma for the point, one to
   nine digits of fraction or none, Z, +05:30, +0530 or nothing (UTC). Odd is every other text, and
   years outside 1971 to 2199. What is finer than a microsecond is cut, as datetime does. */
Outcome read_moment(const Text *text, double *seconds);

#endif
