/* What the probe's programs share: lines of truth, and small things around them. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER "/tmp/probe"
#define PAYLOAD 1000
#define DATAGRAM 300

static long outcome(long returned) { return returned < 0 ? -errno : 0; }

/* One line of truth. `more` is the rest of the object, beginning with a comma. */
__attribute__((format(printf, 4, 5)))
static void deed(const char *action, pid_t pid, long result, const char *more, ...)
{
    va_list arguments;
    printf("{\"action\":\"%s\",\"pid\":%d,\"result\":%ld", action, pid, result);
    va_start(arguments, more);
    vprintf(more, arguments);
    va_end(arguments);
    puts("}");
    fflush(stdout);
}

static void fatal(const char *what)
{
    perror(what);
    exit(1);
}

static int exit_code(pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A socket that datagrams to this port arrive at. */
static int receiver(int port)
{
    struct sockaddr_in address = loopback(port);
    int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(server, (void *)&address, sizeof address))
        fatal("bind");
    return server;
}
