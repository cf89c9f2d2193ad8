/* What reading a piece of a line comes to. */
#ifndef INFERENCE_EXPORTER_OUTCOME_H
#define INFERENCE_EXPORTER_OUTCOME_H

typedef enum {
    READ = 0,   /* as the Python path would read it */
    ODD = 1,    /* nothing is said of it: the Python path is to read the line */
    FAILED = 2  /* a Python exception is set; there is no memory */
} Outcome;

#endif
