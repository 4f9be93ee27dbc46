/* Runs a model call by call and reads its arena: what measures layers and finds the first that differs. Part of
 * profiling builds only (`device_sim verify --profile`); no other firmware carries it. */
#ifndef FP_PROFILE_H
#define FP_PROFILE_H

#include <stdint.h>

#include "fp_service.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One entry of a model's call list. */
typedef fp_status (*fp_profile_call)(int8_t *arena);

/* A generated model's call list. */
typedef struct fp_profile {
    const fp_profile_call *calls;
    uint32_t count;
} fp_profile;

#define FP_PROFILE_ROUTES 2

/* Of a service whose context is the model's const fp_profile. */
extern const fp_route fp_profile_routes[FP_PROFILE_ROUTES];

#ifdef __cplusplus
}
#endif
#endif
