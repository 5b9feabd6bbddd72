/* SPDX-License-Identifier: Apache-2.0 */
/* INITIALIZE DEVICE, reference 3.4 and public-key-authentication 2. */
#include "test/unit/card.h"

#include "sc-hsm/init.h"

/* What the card says of public key authentication then. */
#define STATUS(bytes) "> 8054000000\n< " bytes "9000\n"

static struct secret *secret(const char *text)
{
	struct secret *s = NULL;

	assert_int_equal(secret_new(rd_str(text), &s), ERR_OK);
	return s;
}

static void initialize(const char *text, const struct hsm_init *how, enum err expected)
{
	struct secret *so = secret("57621880"), *pin = secret("648219");
	struct hsm_card *c = open_card(text);
	struct hsm_init i = *how;

	i.so_pin = so;
	if (!(i.options & 0x8000))      /* the test's own mark for "without a PIN" */
		i.pin = pin;
	i.options &= 0x7fff;
	assert_int_equal(hsm_card_initialize(c, &i, true, NULL), expected);
	close_card(c);
	secret_free(&so);
	secret_free(&pin);
}

static void test_init(void **state)
{
	(void)state;
	initialize("> 805000001C80020001810636343832313982083537363231383830910103920101\n< 9000\n" SELECT_41,
		   &(struct hsm_init){ .options = 1, .dkek_shares = 1 }, ERR_OK);
	initialize("> 805000001D8002000181063634383231398208353736323138383091010393020302\n< 9000\n" SELECT_41
		   STATUS("03030200"),
		   &(struct hsm_init){ .options = 1, .dkek_shares = -1, .total = 3, .required = 2 }, ERR_OK);
	initialize("> 8050000020800200098106363438323139820835373632313838309101039302030297"
		   "0104\n< 9000\n" SELECT_41 STATUS("03030200"),
		   &(struct hsm_init){ .options = 9, .dkek_shares = -1, .total = 3, .required = 2, .domains = 4 },
		   ERR_OK);
	/* No PIN: neither 81 nor 91. */
	initialize("> 80500000128002000082083537363231383830" "93020302\n< 9000\n" SELECT_41 STATUS("03030200"),
		   &(struct hsm_init){ .options = 0x8000, .dkek_shares = -1, .total = 3, .required = 2 }, ERR_OK);
	/* The label: logged in, written, logged out. */
	initialize("> 80500000198002000081063634383231398208353736323138383091" "0102\n< 9000\n" SELECT_41
		   "> 0020008106363438323139\n< 9000\n> 00E40200022F03\n< 6A82\n"
		   "> 00D72F031254020000530C300A020100800141" "03020520\n< 9000\n" SELECT_41,
		   &(struct hsm_init){ .pin_tries = 2, .dkek_shares = -1, .label = RD_LIT("A") }, ERR_OK);
	/* Which the PIN alone cannot where it is half of what is needed. */
	initialize("> 805000001D8002001081063634383231398208353736323138383091010393020302\n< 9000\n" SELECT_41
		   STATUS("03030200")
		   "> 0020008106363438323139\n< 9000\n> 00E40200022F03\n< 6982\n" SELECT_41,
		   &(struct hsm_init){ .options = HSM_OPT_COMBINED, .dkek_shares = -1, .total = 3, .required = 2,
				       .label = RD_LIT("A") }, ERR_OK);
	/* An old card that skipped the quorum, or kept another: it is opened by less than was asked for. */
	initialize("> 80500000128002000082083537363231383830" "93020302\n< 9000\n" SELECT_41
		   "> 8054000000\n< 6D00\n",
		   &(struct hsm_init){ .options = 0x8000, .dkek_shares = -1, .total = 3, .required = 2 },
		   ERR_CONDITIONS);
	initialize("> 80500000128002000082083537363231383830" "93020302\n< 9000\n" SELECT_41 STATUS("03030100"),
		   &(struct hsm_init){ .options = 0x8000, .dkek_shares = -1, .total = 3, .required = 2 },
		   ERR_CONDITIONS);
	initialize("> 805000001980020000810636343832313982083537363231383830910103\n< 63CE\n",
		   &(struct hsm_init){ .dkek_shares = -1 }, ERR_PIN_WRONG);
	initialize("> 805000001980020000810636343832313982083537363231383830910103\n< 6983\n",
		   &(struct hsm_init){ .dkek_shares = -1 }, ERR_PIN_BLOCKED);
	initialize("> 805000001980020023810636343832313982083537363231383830910103\n< 9000\n" SELECT_41,
		   &(struct hsm_init){ .options = 0x0023, .dkek_shares = -1, .label = RD_LIT("A") }, ERR_OK);
	/* What is about a PIN without one, and the tries without the counter's reset. */
	for (unsigned option = 0x0002; option <= 0x0020; option *= option == 0x0004 ? 8 : 2)
		initialize("", &(struct hsm_init){ .options = (uint16_t)(0x8001 | option), .dkek_shares = -1,
						   .total = 3, .required = 2 }, ERR_ARG);
	initialize("", &(struct hsm_init){ .options = 0x0020, .dkek_shares = -1 }, ERR_ARG);
	/* More tries than the card takes for six digits; more shares than a byte holds. Nothing is sent. */
	initialize("", &(struct hsm_init){ .pin_tries = 4, .dkek_shares = -1 }, ERR_ARG);
	initialize("", &(struct hsm_init){ .dkek_shares = 256 }, ERR_ARG);
	initialize("", &(struct hsm_init){ .dkek_shares = -1, .required = 1 }, ERR_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
