/* What every function of the runtime returns. */
#ifndef FP_STATUS_H
#define FP_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fp_status {
    FP_OK = 0,
    FP_ERR_ARGUMENT = -1, /* a pointer, size or offset outside what the function states */
    FP_ERR_ENCODING = -2, /* a weight stream that is truncated, overlong or of an unknown encoding */
    FP_ERR_CAPACITY = -3, /* a caller-owned buffer is too small, or the memory plan has no room */
    FP_ERR_STATE = -4,    /* a call before those that it builds on */
    FP_ERR_NUMBER = -5,   /* a NaN, an infinity, or a number that has become one */
    FP_ERR_STOPPED = -6,  /* a progress callback asked to stop */
    FP_ERR_COLLAPSED = -7 /* a mask would leave a tensor without a single weight */
} fp_status;

#ifdef __cplusplus
}
#endif
#endif
