/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ceremony, for spin: docs/model/README.md says what it proves and what it leaves out. What is permitted in which
 * state is not written here: permits.pml is made from the server's own tables (quorum11-server --dump-permits).
 * -DONE: one request only, for quick looks.
 */
#include "permits.pml"

#define M 3                             /* registered custodians */
#define N 2                             /* how many must approve */
#define REQUESTS 2                      /* one after the other, on one card */
#define CHALLENGES (M + 2)              /* pka/activation_int.h: PKA_CHALLENGES */
#define DEAD 255                        /* a challenge that is not the card's any more */
#define NOBODY M                        /* instead of a custodian */
#define BIT(k) (1 << (k))
#define COUNT(set) (((set) & 1) + (((set) >> 1) & 1) + (((set) >> 2) & 1))
#define AT(r, k) ((r) * M + (k))

/* ---- the card: it alone decides ---- */

mtype:kind = { shared, per_key };       /* which challenges it takes; unknown for a vendor's card */
mtype:kind card;
byte card_challenge;                    /* 0: none; otherwise the how-manieth of this session */
byte card_selected = NOBODY;
byte card_counted;                      /* set of custodians */
bool card_opened;
byte card_holder = REQUESTS;            /* whose session is connected to it; REQUESTS: nobody's */

/* ---- what really happened, for the claims ---- */

byte said_yes[REQUESTS];                /* who signed for this request */
byte signed_now[REQUESTS];              /* whose signatures over the card's challenge exist */
bool lost, lost_in[REQUESTS];
bool is_past[REQUESTS];                 /* over, and forgotten: fewer states */
bool time_up[REQUESTS], denied[REQUESTS], used_up[REQUESTS], taken[REQUESTS];

inline card_clear()
{
	card_challenge = 0;
	card_selected = NOBODY;
	card_counted = 0;
	card_opened = false;
}

/* GET CHALLENGE in a session of request r. */
inline card_challenge_new(r)
{
	signed_now[r] = 0;
	card_challenge = challenges_n[r];
	if
	:: card == shared -> card_counted = 0; card_opened = false
	:: else
	fi
}

/* EXTERNAL AUTHENTICATE with k's signature over challenge c, in a session of request r. */
inline card_authenticate(r, k, c, ok)
{
	assert(card_holder == r);                               /* none serves another request */
	ok = card_selected == k && card_challenge == c && c != 0;
	if
	:: ok ->
		assert(signed_now[r] & BIT(k));                 /* nobody can make one up */
		assert(!(card_counted & BIT(k)));               /* and none is used twice */
		card_counted = card_counted | BIT(k);
		if
		:: card == per_key -> card_challenge = 0
		:: else
		fi;
		if
		:: COUNT(card_counted) >= N ->
			card_opened = true;
			assert(COUNT(card_counted & said_yes[r]) >= N)
		:: else
		fi
	:: !ok && card == per_key ->                            /* what a refusal does to the count is not known */
		if
		:: card_counted = 0
		:: true
		fi
	:: else
	fi
}

/* ---- people's minds ---- */

#define YES 1
#define NO 2
#define SILENT 3                        /* takes a turn and leaves it, at most once */
byte will[REQUESTS * M];
bool has_dawdled[REQUESTS * M];

/* What each custodian thinks of request r. They are alike, so the order does not matter: fewer states. */
inline make_up_minds(r)
{
	do
	:: will[AT(r, 0)] = YES; break
	:: will[AT(r, 0)] = NO; break
	:: will[AT(r, 0)] = SILENT; break
	od;
	will[AT(r, 1)] = will[AT(r, 0)];
	do
	:: will[AT(r, 1)] < SILENT -> will[AT(r, 1)]++
	:: break
	od;
	will[AT(r, 2)] = will[AT(r, 1)];
	do
	:: will[AT(r, 2)] < SILENT -> will[AT(r, 2)]++
	:: break
	od
}

/* ---- the server's machine, one for each request (pka/activation*.c) ---- */

#define KEY 0
#define SIGNATURE 1
#define COUNTING 2

byte state[REQUESTS];                   /* PKA_IDENTIFY is 0 */
byte phase[REQUESTS];
mtype:kind mode[REQUESTS];              /* of which kind it takes the card to be */
byte left_modes[REQUESTS];              /* bit 0: shared was given up once, bit 1: per-key */
byte challenge[REQUESTS];
byte challenges_n[REQUESTS];
byte turn[REQUESTS];
byte approved[REQUESTS], submitted[REQUESTS];   /* sets */
bool refused[REQUESTS];
bool has_host[REQUESTS];
bool is_asking[REQUESTS];               /* the card is proved, and people are asked */

#define IS_OVER(r) (state[r] == PKA_OPEN || state[r] == PKA_FAILED)

inline fail(r)
{
	if
	:: !IS_OVER(r) -> state[r] = PKA_FAILED; challenge[r] = 0; turn[r] = NOBODY
	:: else
	fi
}

/* An answer that the table does not expect in this state ends the ceremony. */
inline expect(r, op)
{
	if
	:: !TAKES(state[r], op) -> fail(r)
	:: else
	fi
}

inline time_look(r)
{
	if
	:: time_up[r] && (state[r] == PKA_COLLECT || state[r] == PKA_TURN) -> fail(r)
	:: else
	fi
}

inline challenge_left(r)
{
	if
	:: challenges_n[r] >= CHALLENGES -> used_up[r] = true; fail(r)
	:: else
	fi
}

inline challenge_take(r)
{
	expect(r, HSM_CHALLENGE);
	if
	:: !IS_OVER(r) -> challenges_n[r]++; card_challenge_new(r); challenge[r] = card_challenge
	:: else
	fi
}

inline mode_change(r, to, from_bit)
{
	if
	:: left_modes[r] & from_bit -> fail(r)
	:: else ->
		left_modes[r] = left_modes[r] | from_bit;
		mode[r] = to;
		turn[r] = NOBODY;
		state[r] = PKA_COLLECT
	fi
}

inline count_take(r)
{
	expect(r, HSM_PKA_STATUS);
	if
	:: IS_OVER(r)
	:: !IS_OVER(r) && refused[r] ->
		refused[r] = false;
		if
		:: card_counted != 0 && COUNT(card_counted) != COUNT(submitted[r]) -> fail(r)
		:: else ->
			mode_change(r, per_key, 1);
			challenge[r] = 0;
			if
			:: COUNT(card_counted) != COUNT(submitted[r]) -> submitted[r] = 0
			:: else
			fi;
			approved[r] = submitted[r]
		fi
	:: !IS_OVER(r) && !refused[r] && COUNT(submitted[r]) >= N && COUNT(card_counted) >= N ->
		assert(card_opened);
		state[r] = PKA_OPEN;
		challenge[r] = 0;
		turn[r] = NOBODY
	:: !IS_OVER(r) && !refused[r] && COUNT(submitted[r]) < N && COUNT(card_counted) == COUNT(submitted[r]) ->
		state[r] = PKA_COLLECT;
		challenge[r] = 0;
		turn[r] = NOBODY
	:: else -> fail(r)
	fi
}

inline turn_count_take(r)
{
	expect(r, HSM_PKA_STATUS);
	if
	:: IS_OVER(r)
	:: !IS_OVER(r) && COUNT(card_counted) < COUNT(submitted[r]) ->
		mode_change(r, shared, 2);
		approved[r] = 0;
		submitted[r] = 0
	:: else -> state[r] = PKA_COLLECT
	fi
}

inline signature_take(r, k, ok)
{
	expect(r, HSM_EXTERNAL_AUTH);
	if
	:: IS_OVER(r)
	:: !IS_OVER(r) && ok ->
		submitted[r] = submitted[r] | BIT(k);
		phase[r] = (mode[r] == shared && (approved[r] & ~submitted[r]) -> KEY : COUNTING)
	:: !IS_OVER(r) && !ok && mode[r] == shared && submitted[r] -> refused[r] = true; phase[r] = COUNTING
	:: else -> fail(r)
	fi
}

/* The next custodian whose signature the card has not got, in order: which order does not matter. */
inline pending_find(r, k)
{
	k = 0;
	do
	:: k < M && !(approved[r] & ~submitted[r] & BIT(k)) -> k++
	:: else -> break
	od
}

/* One POST and its answer: the card works on what was asked, and the machine takes the answers. */
inline exchange(r)
{
	if
	:: state[r] == PKA_IDENTIFY ->
		expect(r, HSM_SELECT);
		expect(r, HSM_READ);
		has_host[r] = has_host[r] || PERMITS(PKA_EV_HOST, state[r]);
		if
		:: !IS_OVER(r) -> state[r] = PKA_LOOKUP
		:: else
		fi;
		if
		:: PERMITS(PKA_EV_TARGET, state[r]) -> state[r] = PKA_CHECK
		:: else -> fail(r)
		fi
	:: state[r] == PKA_CHECK ->
		expect(r, HSM_MSE_CHIP);
		expect(r, HSM_GENERAL_AUTH);
		expect(r, HSM_PKA_STATUS);
		expect(r, HSM_PKA_KEY);
		expect(r, HSM_ENUMERATE);
		expect(r, HSM_READ);
		if
		:: !IS_OVER(r) && is_asking[1 - r] && !IS_OVER(1 - r) -> taken[r] = true; fail(r)
		:: !IS_OVER(r) && !(is_asking[1 - r] && !IS_OVER(1 - r)) ->
			is_asking[r] = true;
			state[r] = PKA_COLLECT;
			/* What the server has learnt of the card earlier, right or wrong. */
			if
			:: mode[r] = shared
			:: mode[r] = per_key
			fi;
			make_up_minds(r)
		:: else
		fi
	:: state[r] == PKA_COLLECT && mode[r] == shared && challenge[r] == 0 ->
		challenge_left(r);
		if
		:: !IS_OVER(r) -> challenge_take(r)
		:: else
		fi
	:: state[r] == PKA_TURN ->
		expect(r, HSM_MSE_AUTH);
		if
		:: !IS_OVER(r) -> card_selected = turn[r]; challenge_take(r)
		:: else
		fi;
		turn_count_take(r)
	:: state[r] == PKA_SUBMIT && phase[r] == KEY ->
		pending_find(r, who);
		assert(who < M);
		expect(r, HSM_MSE_AUTH);
		card_selected = who;
		phase[r] = SIGNATURE
	:: state[r] == PKA_SUBMIT && phase[r] == SIGNATURE ->
		pending_find(r, who);
		assert(who < M);
		card_authenticate(r, who, challenge[r], went);
		signature_take(r, who, went)
	:: state[r] == PKA_SUBMIT && phase[r] == COUNTING -> count_take(r)
	:: else
	fi
}

#define HAS_WORK(r) (state[r] == PKA_IDENTIFY || state[r] == PKA_CHECK || state[r] == PKA_TURN || \
	state[r] == PKA_SUBMIT || (state[r] == PKA_COLLECT && mode[r] == shared && challenge[r] == 0))

/* ---- what people send (pka/activation_people.c); whoever sends it, however often ---- */

inline submit_begin(r)
{
	state[r] = PKA_SUBMIT;
	phase[r] = (mode[r] == shared -> KEY : SIGNATURE)
}

inline turn_ask(r, k)
{
	time_look(r);
	if
	:: PERMITS(PKA_EV_TURN, state[r]) && !(approved[r] & BIT(k)) && mode[r] == per_key && turn[r] == NOBODY &&
	   state[r] == PKA_COLLECT ->
		challenge_left(r);
		if
		:: !IS_OVER(r) -> turn[r] = k; state[r] = PKA_TURN
		:: else
		fi
	:: else
	fi
}

/* k's approval over challenge c, with his statement about one request, posted to one. */
inline approve(to, k, c, about)
{
	if
	:: about == to && has_host[to] ->
		time_look(to);
		if
		:: PERMITS(PKA_EV_DECIDE, state[to]) && !(approved[to] & BIT(k)) && c != 0 && c == challenge[to] &&
		   (mode[to] == shared || turn[to] == k) ->
			assert(is_asking[to]);                  /* nobody is heard before the card was proved */
			approved[to] = approved[to] | BIT(k);
			if
			:: mode[to] == per_key || COUNT(approved[to]) >= N -> submit_begin(to)
			:: else
			fi
		:: else
		fi
	:: else
	fi
}

inline deny(r)
{
	if
	:: has_host[r] ->
		time_look(r);
		if
		:: PERMITS(PKA_EV_DECIDE, state[r]) ->
			assert(is_asking[r]);
			assert(card_holder != r || !card_opened);       /* a no comes before the card opens, or never */
			denied[r] = true;
			fail(r)
		:: else
		fi
	:: else
	fi
}

/* ---- the processes ---- */

/* A request: its host posts, and is answered. */
proctype Request(byte r)
{
	byte who;
	bool went;

	atomic {
		card_holder == REQUESTS && (r == 0 || IS_OVER(r - 1) || lost) ->
		card_holder = r;
		card_clear()
	};
	do
	:: atomic { HAS_WORK(r) && card_holder == r && (!IS_OVER(1 - r) || is_past[1 - r]) -> exchange(r); time_look(r); who = 0; went = false }
	/* The lease of somebody who does not use it; those who want to approve are quicker. */
	:: d_step { state[r] == PKA_COLLECT && turn[r] != NOBODY && challenge[r] != 0 &&
		    will[AT(r, turn[r])] != YES ->
			turn[r] = NOBODY; challenge[r] = 0 }
	/* The server notices after a while that a host is gone. */
	:: d_step { lost_in[r] && !IS_OVER(r) -> fail(r) }
	:: IS_OVER(r) -> break
	od;
	skip;                                                   /* spin: nothing jumps into a d_step */
	/* A card that is not open is closed; one that is open is used, and closed some time. What is over is forgotten. */
	d_step {
		if
		:: card_holder == r -> card_clear(); signed_now[r] = 0; card_holder = REQUESTS
		:: else
		fi;
		said_yes[r] = 0;
		time_up[r] = false; denied[r] = false; used_up[r] = false; taken[r] = false;
		lost_in[r] = false; has_host[r] = false; refused[r] = false;
		left_modes[r] = 0; challenges_n[r] = 0; approved[r] = 0; submitted[r] = 0; phase[r] = 0;
		mode[r] = 0;
		is_past[r] = true;
		is_asking[r] = false;
		for (who : 0 .. (M - 1)) {
			will[AT(r, who)] = 0;
			has_dawdled[AT(r, who)] = false;
		}
		who = 0
	}
}

/* What need not happen, and may happen any time: nothing of it must, so it is a process of its own. */
#define MISFORTUNE(r) \
	:: d_step { is_asking[r] && !IS_OVER(r) && !time_up[r] -> time_up[r] = true; time_look(r) } \
	/* The host is gone, and its card loses its power. */ \
	:: d_step { !lost && card_holder == r && !IS_OVER(r) -> \
			lost = true; lost_in[r] = true; card_clear(); signed_now[r] = 0; card_holder = REQUESTS }

proctype Misfortune()
{
	do
	MISFORTUNE(0)
	MISFORTUNE(1)
	:: break
	od
}

/* What custodian k may do about request r. */
#define CUSTODIAN(r, k) \
	:: d_step { is_asking[r] && !IS_OVER(r) && mode[r] == per_key && turn[r] == NOBODY && \
		    state[r] == PKA_COLLECT && !(approved[r] & BIT(k)) && \
		    (will[AT(r, k)] == YES || (will[AT(r, k)] == SILENT && !has_dawdled[AT(r, k)])) -> \
			has_dawdled[AT(r, k)] = will[AT(r, k)] == SILENT; turn_ask(r, k) } \
	/* He sees a challenge and signs it; what he signed arrives later, or when it is dead, and he begins again. */ \
	:: d_step { !IS_OVER(r) && will[AT(r, k)] == YES && challenge[r] != 0 && \
		    (mode[r] == shared || turn[r] == k) && !((approved[r] | signed_now[r]) & BIT(k)) -> \
			signed_now[r] = signed_now[r] | BIT(k); \
			said_yes[r] = said_yes[r] | BIT(k) } \
	:: d_step { PERMITS(PKA_EV_DECIDE, state[r]) && (signed_now[r] & BIT(k)) && !(approved[r] & BIT(k)) -> \
			approve(r, k, challenges_n[r], r); \
			signed_now[r] = signed_now[r] & (approved[r] | ~BIT(k)) } \
	:: d_step { is_asking[r] && will[AT(r, k)] == NO && PERMITS(PKA_EV_DECIDE, state[r]) -> \
			deny(r) }

proctype Custodian(byte k)
{
	do
	CUSTODIAN(0, k)
	CUSTODIAN(1, k)
	:: IS_OVER(0) && IS_OVER(1) -> break
	od
}

/* Somebody on the way sends what he has seen once more, to whichever request he likes. */
proctype Replay()
{
	byte k = 0, from = 0, to = 0, c = 0;

	do
	:: atomic {
		!IS_OVER(0) || !IS_OVER(1) ->
		do
		:: k < M - 1 -> k++
		:: break
		od;
		if
		:: from = 0
		:: from = 1
		fi;
		if
		:: to = 0
		:: to = 1
		fi;
		if
		:: signed_now[from] & BIT(k) -> c = challenges_n[from]
		:: c = DEAD
		fi;
		approve(to, k, c, from);
		k = 0; from = 0; to = 0; c = 0
	   }
	:: IS_OVER(0) && IS_OVER(1) -> break
	od
}

init
{
	byte i;

	atomic {
		if
		:: card = shared
		:: card = per_key
		fi;
		for (i : 0 .. (REQUESTS - 1)) {
			turn[i] = NOBODY;
		}
		run Request(0);
#ifdef ONE
		state[1] = PKA_FAILED;
		is_past[1] = true;
#else
		run Request(1);
#endif
		for (i : 0 .. (M - 1)) {
			run Custodian(i);
		}
		run Misfortune();
		run Replay();
		i = 0
	}
}

/* ---- claims ---- */

#define IS_WANTED(r) ((will[AT(r, 0)] == YES) + (will[AT(r, 1)] == YES) + (will[AT(r, 2)] == YES) >= N)
#define PREVENTED(r) (lost_in[r] || time_up[r] || denied[r] || used_up[r] || taken[r])

/* A no ends it. */
ltl ends_denied { [] ((denied[0] -> <> (state[0] == PKA_FAILED)) && (denied[1] -> <> (state[1] == PKA_FAILED))) }
/* So does the deadline. */
ltl ends_late { [] ((time_up[0] -> <> IS_OVER(0)) && (time_up[1] -> <> IS_OVER(1))) }
/* If n want it, and nothing and nobody prevents it, the card opens. */
#define OPENS(r) ([] (card_holder == r -> <> (state[r] == PKA_OPEN || PREVENTED(r) || \
	(is_asking[r] && !IS_WANTED(r)))))
#ifdef ONE
ltl opens { <> (card_holder == 0) && OPENS(0) }
#else
ltl opens { <> (card_holder == 0) && OPENS(0) && OPENS(1) }
#endif
