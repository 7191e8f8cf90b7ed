/* Hashes on one core for a number of seconds, as a cryptocurrency miner does: SHA-256 twice over a header that ends in
   a nonce. It talks to nobody. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint32_t constants[64], initial[8];

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* The first 32 bits of the fraction of a root of n, by bisection in integers: root^degree <= n * 2^(32 * degree). */
static uint32_t fraction_of_root(uint32_t n, int degree)
{
    uint64_t low = 0, high = (uint64_t)n << 32;
    while (low + 1 < high) {
        uint64_t middle = low + (high - low) / 2;
        long double root = (long double)middle / 4294967296.0L;
        long double power = degree == 2 ? root * root : root * root * root;
        if (power <= n)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static void prepare(void)
{
    int found = 0;
    for (uint32_t n = 2; found < 64; n++) {
        int prime = 1;
        for (uint32_t d = 2; d * d <= n; d++)
            prime &= n % d != 0;
        if (!prime)
            continue;
        if (found < 8)
            initial[found] = fraction_of_root(n, 2);
        constants[found++] = fraction_of_root(n, 3);
    }
}

static void compress(uint32_t state[8], const uint32_t block[16])
{
    uint32_t w[64], s[8];
    memcpy(w, block, 64);
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    memcpy(s, state, 32);
    for (int i = 0; i < 64; i++) {
        uint32_t e = s[4], a = s[0];
        uint32_t t1 = s[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & s[5]) ^ (~e & s[6])) + constants[i] + w[i];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 28);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

int main(int count, char **arguments)
{
    time_t end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 1);
    uint32_t best = UINT32_MAX;
    prepare();
    for (uint32_t nonce = 0;; nonce++) {
        uint32_t state[8], again[8], block[16] = {nonce, 0x80000000};
        block[15] = 32;
        memcpy(state, initial, 32);
        compress(state, block);
        memcpy(block, state, 32);
        memset(block + 8, 0, 32);
        block[8] = 0x80000000;
        block[15] = 256;
        memcpy(again, initial, 32);
        compress(again, block);
        if (again[0] < best)
            best = again[0];
        if (nonce % 65536 == 0 && time(NULL) >= end)
            break;
    }
    printf("%08x\n", best);
    return 0;
}
