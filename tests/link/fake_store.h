/* A store for the tests of transfers: memory that counts what is done to it. */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include "fp_auth.h"
#include "fp_session.h"
#include "fp_transfer.h"

#ifndef FAKE_STORE_BYTES
#define FAKE_STORE_BYTES 65536u
#endif

/* Kind 1 is put, at most FAKE_STORE_BYTES; kind 2 gets what was put; kind 3 is put and refused by `commit`. */
typedef struct fake_store {
    fp_transfer transfer;
    fp_transfer_store store;
    fp_session session;
    fp_auth auth;
    fp_service services[2];
    uint32_t begun;
    uint32_t written; /* bytes that `write` got, each time it did */
    uint32_t commits;
    uint32_t bytes;
    uint8_t memory[FAKE_STORE_BYTES];
} fake_store;

/* Without a `random` the session is a plain one. */
void fake_store_init(fake_store *store, const uint8_t *key, fp_auth_random random);

#endif
