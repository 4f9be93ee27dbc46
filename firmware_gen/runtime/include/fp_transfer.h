/* Any number of bytes to or from the application, in chunks, over a line that may fail: docs/protocol.md, "Transfers".
 *
 * What the bytes are is the application's business: it offers a store, and gets each chunk with its absolute offset, in
 * any order, each once. A transfer that was cut goes on where it stopped, also after the host was restarted; a reset of
 * the board forgets it.
 *
 *     static fp_transfer transfer;
 *     fp_transfer_init(&transfer, &store);
 *     const fp_service services[] = {fp_transfer_service(&transfer), …};
 *     fp_device_serve(&device, services, …);
 */
#ifndef FP_TRANSFER_H
#define FP_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "fp_service.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The whole that is transferred. */
typedef struct fp_transfer_content {
    uint8_t kind;   /* the application's number for what it is, */
    uint32_t item;  /* and for which one of that kind */
    uint32_t bytes; /* length; a get: set by the store's `begin` */
    uint32_t crc32; /* a put: as announced. A get: not known before `begin` has returned */
    bool is_put;    /* to the board */
} fp_transfer_content;

/* What the application offers. All functions get `context`. */
typedef struct fp_transfer_store {
    void *context;
    /* A transfer is to begin; whatever came before it is over. Refuse with FP_LINK_BAD_KIND a kind, item or direction
     * there is not (`*detail`: the kind), with FP_LINK_BAD_LENGTH a length that does not fit (the one that does), or
     * with any other error. Not called when a put goes on that was begun before. */
    fp_link_error (*begin)(void *context, fp_transfer_content *content, uint32_t *detail);
    /* Bytes of a put. Whatever `write` gets has not been checked against the whole's CRC: use it after `commit`. */
    void (*write)(void *context, uint32_t offset, const uint8_t *bytes, uint32_t length);
    /* Bytes of the content: of a get, or of a put when its CRC is checked. The same bytes each time. */
    void (*read)(void *context, uint32_t offset, uint8_t *bytes, uint32_t length);
    /* A put is complete and its CRC is right; called once. A refusal ends the transfer: it has to begin anew. The host
     * has been told WORKING, so this may take a while. */
    fp_link_error (*commit)(void *context, const fp_transfer_content *content, uint32_t *detail);
} fp_transfer_store;

typedef enum fp_transfer_state {
    FP_TRANSFER_NONE = 0,
    FP_TRANSFER_PUT = 1,  /* under way */
    FP_TRANSFER_DONE = 2, /* a put that has ended well */
    FP_TRANSFER_GET = 3
} fp_transfer_state;

/* 40 bytes; private. One transfer at a time. */
typedef struct fp_transfer {
    const fp_transfer_store *store;
    fp_transfer_content content;
    fp_transfer_state state;
    uint32_t chunk_bytes;
    uint32_t first_missing; /* number of the first chunk that is missing */
    uint32_t beyond;        /* bit i: chunk first_missing + 1 + i is present */
} fp_transfer;

/* `store` stays the caller's and must stay valid. */
void fp_transfer_init(fp_transfer *transfer, const fp_transfer_store *store);

/* The requests of transfers, for fp_device_serve. */
fp_service fp_transfer_service(fp_transfer *transfer);

/* A store's bytes are about to change under a transfer, or are needed for something else: end it. */
void fp_transfer_abandon(fp_transfer *transfer);

#ifdef __cplusplus
}
#endif
#endif
