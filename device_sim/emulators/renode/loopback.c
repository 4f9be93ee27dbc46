/* Preloaded into Renode, whose terminals and monitor listen on every interface of the computer: a socket that asks for
 * all addresses gets loopback. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

typedef int (*bind_function)(int, const struct sockaddr *, socklen_t);

int bind(int socket, const struct sockaddr *address, socklen_t length) {
    void *symbol = dlsym(RTLD_NEXT, "bind");
    bind_function next;
    memcpy(&next, &symbol, sizeof next);
    if (address != NULL && address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in narrowed;
        memcpy(&narrowed, address, sizeof narrowed);
        if (narrowed.sin_addr.s_addr == htonl(INADDR_ANY)) {
            narrowed.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        }
        return next(socket, (const struct sockaddr *)&narrowed, sizeof narrowed);
    }
    if (address != NULL && address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        static const unsigned char mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1};
        struct sockaddr_in6 narrowed;
        memcpy(&narrowed, address, sizeof narrowed);
        if (IN6_IS_ADDR_UNSPECIFIED(&narrowed.sin6_addr)) {
            memcpy(&narrowed.sin6_addr, mapped, sizeof mapped);
        }
        return next(socket, (const struct sockaddr *)&narrowed, sizeof narrowed);
    }
    return next(socket, address, length);
}
