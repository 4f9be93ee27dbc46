/* The firmware as a process of the host: a TCP server on 127.0.0.1 takes the place of the UART.
 *
 *     firmware [PORT]      PORT 0, the default, takes a free one
 *
 * Prints "listening PORT" on standard output, then serves one client after the other. Ends when its standard input
 * ends (hold a pipe open to keep it alive; when the holder dies, so does this process) or on SIGTERM. */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "board.h"

#undef main

#define NO_CLIENT (-1)
#define WRITE_TIMEOUT_MS 10000

static int server = -1;
static int client = NO_CLIENT;
static uint16_t wanted_port;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void drop_client(void) {
    (void)close(client);
    client = NO_CLIENT;
}

/* Small frames must not wait for an acknowledgement. */
static void accept_client(void) {
    int on = 1;
    client = accept(server, NULL, NULL);
    if (client >= 0) {
        (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
}

static void exit_when_input_ended(short events) {
    char ignored[64];
    if (events != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
        exit(0);
    }
}

static void wait_for_bytes(void *context) {
    (void)context;
    struct pollfd watched[2] = {{STDIN_FILENO, POLLIN, 0}, {client == NO_CLIENT ? server : client, POLLIN, 0}};
    if (poll(watched, 2, -1) < 0) {
        return;
    }
    exit_when_input_ended(watched[0].revents);
    if (client == NO_CLIENT && watched[1].revents != 0) {
        accept_client();
    }
}

static size_t read_bytes(void *context, uint8_t *bytes, size_t capacity) {
    (void)context;
    if (client == NO_CLIENT || capacity == 0) {
        return 0;
    }
    ssize_t count = recv(client, bytes, capacity, MSG_DONTWAIT);
    if (count > 0) {
        return (size_t)count;
    }
    if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        drop_client();
    }
    return 0;
}

/* Whether the client can take bytes; ends the process when standard input ends meanwhile. */
static int client_is_writable(void) {
    struct pollfd watched[2] = {{client, POLLOUT, 0}, {STDIN_FILENO, POLLIN, 0}};
    int ready = poll(watched, 2, WRITE_TIMEOUT_MS);
    if (ready > 0) {
        exit_when_input_ended(watched[1].revents);
    }
    return ready > 0 || (ready < 0 && errno == EINTR);
}

static void write_bytes(void *context, const uint8_t *bytes, size_t length) {
    (void)context;
    while (client != NO_CLIENT && length > 0) {
        ssize_t count = send(client, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0) {
            bytes += count;
            length -= (size_t)count;
        } else if ((errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) || !client_is_writable()) {
            drop_client();
        }
    }
}

static uint64_t ticks(void *context) {
    struct timespec now;
    (void)context;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t stack_not_measured(void *context) {
    (void)context;
    return 0;
}

static uint32_t nothing_lost(void *context) {
    (void)context;
    return 0;
}

static const fp_port port = {
    .context = NULL,
    .read = read_bytes,
    .write = write_bytes,
    .wait = wait_for_bytes,
    .ticks = ticks,
    .tick_hz = 1000000000u,
    .stack_used = stack_not_measured,
    .rx_lost = nothing_lost,
    .board = "native",
};

const fp_port *fp_board_port(void) {
    return &port;
}

bool fp_board_random(uint8_t *bytes, uint32_t length) {
    return getrandom(bytes, length, 0) == (ssize_t)length;
}

void fp_board_init(void) {
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;
    int on = 1;
    address.sin_family = AF_INET;
    address.sin_port = htons(wanted_port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) {
        die("socket");
    }
    if (bind(server, (const struct sockaddr *)&address, sizeof address) < 0 || listen(server, 4) < 0) {
        die("127.0.0.1");
    }
    if (getsockname(server, (struct sockaddr *)&address, &length) < 0) {
        die("getsockname");
    }
    (void)printf("listening %u\n", (unsigned)ntohs(address.sin_port));
    (void)fflush(stdout);
}

int main(int argc, char **argv) {
    char *end = NULL;
    unsigned long number = argc > 1 ? strtoul(argv[1], &end, 10) : 0;
    if (argc > 2 || number > 65535 || (argc > 1 && (*argv[1] == '\0' || *end != '\0'))) {
        (void)fprintf(stderr, "usage: firmware [PORT]\n");
        return 2;
    }
    wanted_port = (uint16_t)number;
    return fp_application_main();
}
