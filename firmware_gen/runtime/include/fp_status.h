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
    FP_ERR_CAPACITY = -3  /* a caller-owned buffer is too small */
} fp_status;

#ifdef __cplusplus
}
#endif
#endif
