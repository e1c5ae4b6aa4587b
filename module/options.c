/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/http/http.h"
#include "module/masters/credential.h"
#include "module/masters/iam_account.h"
#include "module/options.h"
#include "module/options_naming.h"
#include "module/base/util.h"
#include "module/masters/zookeeper.h"

#define MOD_MASTER          "\006master"
#define MOD_POLL_INTERVAL   "\015poll-interval"
#define MOD_POLL_TIMEOUT    "\014poll-timeout"
#define MOD_TTL             "\003ttl"
#define MOD_EVENTS          "\006events"
#define MOD_RESYNC_INTERVAL "\017resync-interval"
#define MOD_IP_SOURCE       "\011ip-source"
#define MOD_NETWORK         "\007network"
#define MOD_HEALTH          "\006health"
#define MOD_VISIBILITY      "\012visibility"
#define MOD_LABEL_RULES     "\013label-rules"
#define MOD_NAME_FORMAT     "\013name-format"
#define MOD_AGENT_NAMES     "\013agent-names"
#define MOD_PORT_INDEX      "\012port-index"
#define MOD_LABEL_PREFIX    "\014label-prefix"
#define MOD_SRV_WEIGHT      "\012srv-weight"
#define MOD_ANSWER_LIMIT    "\014answer-limit"
#define MOD_SUBNET_FIRST    "\014subnet-first"
#define MOD_ORIGIN          "\006origin"
#define MOD_MAX_AGE         "\007max-age"
#define MOD_HTTP            "\004http"
#define MOD_CREDENTIAL_FILE "\017credential-file"
#define MOD_IAM_FILE        "\010iam-file"
#define MOD_CA_FILE         "\007ca-file"
#define MOD_CERT_FILE       "\011cert-file"
#define MOD_KEY_FILE        "\010key-file"

#define DAY (24 * 3600)

/*! \brief The port that Mesos-DNS serves HTTP at. */
#define HTTP_PORT 8123

static const knot_lookup_t health_rules[] = { { HEALTH_IGNORE, "ignore" },
	                                      { HEALTH_AVOID, "avoid" },
	                                      { HEALTH_REQUIRE, "require" },
	                                      { 0, NULL } };

static const knot_lookup_t visibilities[] = { { VISIBILITY_FRAMEWORK, "framework" },
	                                      { VISIBILITY_CLUSTER, "cluster" },
	                                      { VISIBILITY_EXTERNAL, "external" },
	                                      { 0, NULL } };

static const knot_lookup_t label_rules[] = { { LABEL_RFC1123, "rfc1123" },
	                                     { LABEL_RFC952, "rfc952" },
	                                     { 0, NULL } };

static const uint8_t default_sources[] = { IP_SOURCE_AUTO };

const yp_item_t options_schema[] = {
	{ MOD_MASTER, YP_TSTR, YP_VNONE, YP_FMULTI },
	{ MOD_POLL_INTERVAL, YP_TINT, YP_VINT = { 1, DAY, 30, YP_STIME } },
	{ MOD_POLL_TIMEOUT, YP_TINT, YP_VINT = { 1, DAY, 60, YP_STIME } },
	{ MOD_TTL, YP_TINT, YP_VINT = { 0, 7 * DAY, 30, YP_STIME } },
	{ MOD_EVENTS, YP_TBOOL, YP_VBOOL = { true } },
	{ MOD_RESYNC_INTERVAL, YP_TINT, YP_VINT = { 10, DAY, 300, YP_STIME } },
	{ MOD_IP_SOURCE, YP_TOPT, YP_VOPT = { settings_ip_sources, IP_SOURCE_AUTO }, YP_FMULTI },
	{ MOD_NETWORK, YP_TSTR, YP_VNONE, YP_FMULTI },
	{ MOD_HEALTH, YP_TOPT, YP_VOPT = { health_rules, HEALTH_IGNORE } },
	{ MOD_VISIBILITY, YP_TOPT, YP_VOPT = { visibilities, VISIBILITY_NONE }, YP_FMULTI },
	{ MOD_LABEL_RULES, YP_TOPT, YP_VOPT = { label_rules, LABEL_RFC1123 } },
	{ MOD_NAME_FORMAT, YP_TSTR, YP_VNONE, YP_FMULTI },
	{ MOD_AGENT_NAMES, YP_TBOOL, YP_VBOOL = { false } },
	{ MOD_PORT_INDEX, YP_TBOOL, YP_VBOOL = { false } },
	{ MOD_LABEL_PREFIX, YP_TSTR, YP_VNONE },
	{ MOD_SRV_WEIGHT, YP_TINT, YP_VINT = { 0, UINT16_MAX, 1 } },
	{ MOD_ANSWER_LIMIT, YP_TINT, YP_VINT = { 0, UINT16_MAX, 0 } },
	{ MOD_SUBNET_FIRST, YP_TBOOL, YP_VBOOL = { false } },
	{ MOD_ORIGIN, YP_TDNAME, YP_VNONE },
	{ MOD_MAX_AGE, YP_TINT, YP_VINT = { 0, INT32_MAX, 0, YP_STIME } },
	{ MOD_HTTP, YP_TADDR, YP_VADDR = { HTTP_PORT }, YP_FMULTI },
	{ MOD_CREDENTIAL_FILE, YP_TSTR, YP_VNONE },
	{ MOD_IAM_FILE, YP_TSTR, YP_VNONE },
	{ MOD_CA_FILE, YP_TSTR, YP_VNONE },
	{ MOD_CERT_FILE, YP_TSTR, YP_VNONE },
	{ MOD_KEY_FILE, YP_TSTR, YP_VNONE },
	{ NULL }
};

static int add_zk(struct source *src, struct settings *opts, const char *text)
{
	/* Not the whole text: there may be a password in it. */
	if (opts->zk != NULL) {
		return complain(src, MOD_MASTER, "zk:// twice");
	}
	const char *error = zk_address_parse(text, &opts->zk);
	if (error == ZK_ADDRESS_NO_MEMORY) {
		return KNOT_ENOMEM;
	}
	if (error != NULL) {
		return complain(src, MOD_MASTER, "the zk:// address: %s", error);
	}
	if (!zookeeper_is_supported()) {
		return complain(src, MOD_MASTER,
		                "zk:// is not supported by this build, name the "
		                "masters instead");
	}
	return KNOT_EOK;
}

static int add_master(struct source *src, struct settings *opts, const char *text)
{
	if (zk_address_is(text)) {
		return add_zk(src, opts, text);
	}

	struct endpoint *master = &opts->masters[opts->masters_count];
	const char *error = endpoint_parse(text, master);
	if (error != NULL) {
		return complain(src, MOD_MASTER, "'%s': %s", text, error);
	}
	for (size_t i = 0; i < opts->masters_count; i++) {
		if (endpoint_equal(&opts->masters[i], master)) {
			return complain(src, MOD_MASTER, "'%s': the same master twice", text);
		}
	}
	opts->masters_count++;
	return KNOT_EOK;
}

static int read_masters(struct source *src, struct settings *opts)
{
	knotd_conf_t conf = get(src, MOD_MASTER);
	if (conf.count == 0) {
		return complain(src, MOD_MASTER, "is required: where the Mesos masters are");
	}

	int ret = KNOT_EOK;
	opts->masters = calloc(conf.count, sizeof(*opts->masters));
	if (opts->masters == NULL) {
		ret = KNOT_ENOMEM;
	}
	for (size_t i = 0; i < conf.count && ret == KNOT_EOK; i++) {
		ret = add_master(src, opts, conf.multi[i].string);
	}
	knotd_conf_free(&conf);
	return ret;
}

static int read_sources(struct source *src, struct settings *opts)
{
	knotd_conf_t conf = get(src, MOD_IP_SOURCE);
	if (conf.count == 0) {
		opts->sources_count = sizeof(default_sources);
		memcpy(opts->sources, default_sources, sizeof(default_sources));
	}

	int ret = KNOT_EOK;
	for (size_t i = 0; i < conf.count && ret == KNOT_EOK; i++) {
		uint8_t source = conf.multi[i].option;
		if (memchr(opts->sources, source, opts->sources_count) != NULL) {
			ret = complain(src, MOD_IP_SOURCE, "'%s' twice",
			               knot_lookup_by_id(settings_ip_sources, source)->name);
		} else {
			opts->sources[opts->sources_count++] = source;
		}
	}
	knotd_conf_free(&conf);
	return ret;
}

static int read_origin(struct source *src, struct settings *opts)
{
	knotd_conf_t conf = get(src, MOD_ORIGIN);
	const knot_dname_t *origin = conf.count > 0 ? conf.single.dname
	                                            : (const knot_dname_t *)"\005mesos";
	opts->origin = knot_dname_copy(origin, NULL);
	knotd_conf_free(&conf);
	if (opts->origin == NULL) {
		return KNOT_ENOMEM;
	}
	knot_dname_to_lower(opts->origin);
	return KNOT_EOK;
}

/*! \brief Reads one of the addresses to serve HTTP at, which is not the same as one before. */
static int add_http(struct source *src, struct settings *opts, const struct sockaddr_storage *from)
{
	struct http_address *address = &opts->http[opts->http_count];
	if (!http_address_make(from, address)) {
		return complain(src, MOD_HTTP, "a path of a socket, which has to be an IP address");
	}
	if (address->port == 0) {
		return complain(src, MOD_HTTP, "'%s': port 0", address->text);
	}
	for (size_t i = 0; i < opts->http_count; i++) {
		if (http_address_equal(&opts->http[i], address)) {
			return complain(src, MOD_HTTP, "'%s' twice", address->text);
		}
	}
	opts->http_count++;
	return KNOT_EOK;
}

static int read_http(struct source *src, struct settings *opts)
{
	knotd_conf_t conf = get(src, MOD_HTTP);
	int ret = KNOT_EOK;
	if (conf.count > 0) {
		if (!http_is_supported()) {
			ret = complain(src, MOD_HTTP, "is not supported by this build");
		} else if ((opts->http = calloc(conf.count, sizeof(*opts->http))) == NULL) {
			ret = KNOT_ENOMEM;
		}
	}
	for (size_t i = 0; i < conf.count && ret == KNOT_EOK; i++) {
		ret = add_http(src, opts, &conf.multi[i].addr);
	}
	knotd_conf_free(&conf);
	return ret;
}

static int read_path(struct source *src, const yp_name_t *item, char **path)
{
	knotd_conf_t conf = get(src, item);
	int ret = KNOT_EOK;
	if (conf.count > 0) {
		*path = strdup(conf.single.string);
		ret = *path != NULL ? KNOT_EOK : KNOT_ENOMEM;
	}
	knotd_conf_free(&conf);
	return ret;
}

static int read_paths(struct source *src, struct settings *opts)
{
	int ret = read_path(src, MOD_CREDENTIAL_FILE, &opts->client.credential_file);
	if (ret == KNOT_EOK) {
		ret = read_path(src, MOD_IAM_FILE, &opts->client.iam_file);
	}
	if (ret == KNOT_EOK) {
		ret = read_path(src, MOD_CA_FILE, &opts->client.ca_file);
	}
	if (ret == KNOT_EOK) {
		ret = read_path(src, MOD_CERT_FILE, &opts->client.cert_file);
	}
	if (ret == KNOT_EOK) {
		ret = read_path(src, MOD_KEY_FILE, &opts->client.key_file);
	}
	return ret;
}

static int check_pair(struct source *src, const struct settings *opts)
{
	if (opts->client.cert_file != NULL && opts->client.key_file == NULL) {
		return complain(src, MOD_CERT_FILE, "needs key-file");
	}
	if (opts->client.key_file != NULL && opts->client.cert_file == NULL) {
		return complain(src, MOD_KEY_FILE, "needs cert-file");
	}
	if (opts->client.iam_file != NULL && opts->client.credential_file != NULL) {
		return complain(src, MOD_IAM_FILE,
		                "not together with credential-file: masters take one account");
	}
	return KNOT_EOK;
}

/*! \brief Complains of a file, but for what can mend itself; KNOT_ENOMEM if that is memory. */
static int complain_of_file(struct source *src, const yp_name_t *item, const char *file,
                            const char *error)
{
	if (error == NULL || error == CREDENTIAL_UNREADABLE) {
		return KNOT_EOK;
	}
	return error == CREDENTIAL_NO_MEMORY ? KNOT_ENOMEM
	                                     : complain(src, item, "'%s' %s", file, error);
}

/*! \brief Reads the file of an account as a poll will. */
static int check_account(struct source *src, const char *file)
{
	struct iam_account account;
	const char *error = iam_account_read(file, &account);
	iam_account_clear(&account);
	return complain_of_file(src, MOD_IAM_FILE, file, error);
}

/*!
 * \brief Reads the files as a poll will, to complain now and not then.
 *
 * Not of one that cannot be opened: knotd checks when it starts, as another user than knotc maybe,
 * and would not start for what can mend itself. Not when loading for the same reason.
 */
static int check_files(struct source *src, const struct settings *opts)
{
	int ret = KNOT_EOK;
	if (opts->client.credential_file != NULL) {
		const char *file = opts->client.credential_file;
		ret = complain_of_file(src, MOD_CREDENTIAL_FILE, file, credential_read(file, NULL));
	}
	if (ret == KNOT_EOK && opts->client.iam_file != NULL) {
		ret = check_account(src, opts->client.iam_file);
	}
	if (ret != KNOT_EOK) {
		return ret;
	}

	const char *bad = NULL;
	const char *error = credential_check_tls(opts->client.ca_file, opts->client.cert_file,
	                                         opts->client.key_file, &bad);
	const yp_name_t *item = bad == opts->client.ca_file     ? MOD_CA_FILE
	                        : bad == opts->client.cert_file ? MOD_CERT_FILE
	                                                        : MOD_KEY_FILE;
	return complain_of_file(src, item, bad, error);
}

/*! \brief Reads what further names there are, and which tasks and addresses have any. */
static int read_naming(struct source *src, struct settings *opts)
{
	opts->agent_names = get(src, MOD_AGENT_NAMES).single.boolean;
	opts->port_index = get(src, MOD_PORT_INDEX).single.boolean;
	opts->srv_weight = (uint16_t)get(src, MOD_SRV_WEIGHT).single.integer;
	naming_read_visibility(src, MOD_VISIBILITY, opts);
	int ret = naming_read_networks(src, MOD_NETWORK, opts);
	if (ret == KNOT_EOK) {
		ret = naming_read_formats(src, MOD_NAME_FORMAT, opts);
	}
	if (ret == KNOT_EOK) {
		ret = naming_read_prefix(src, MOD_LABEL_PREFIX, opts);
	}
	if (ret == KNOT_EOK) {
		ret = settings_find_wants(opts);
	}
	return ret == KNOT_ESPACE ? complain(src, MOD_NAME_FORMAT,
	                                     "more than %d labels or attributes", WANTS_KEYS_MAX)
	                          : ret;
}

static int read_options(struct source *src, struct settings *opts)
{
	opts->poll_interval = get(src, MOD_POLL_INTERVAL).single.integer;
	opts->client.timeout = get(src, MOD_POLL_TIMEOUT).single.integer;
	opts->events = get(src, MOD_EVENTS).single.boolean;
	opts->resync_interval = get(src, MOD_RESYNC_INTERVAL).single.integer;
	opts->ttl = get(src, MOD_TTL).single.integer;
	opts->max_age = get(src, MOD_MAX_AGE).single.integer;
	opts->health = get(src, MOD_HEALTH).single.option;
	opts->rules = get(src, MOD_LABEL_RULES).single.option;
	opts->answer_limit = get(src, MOD_ANSWER_LIMIT).single.integer;
	opts->subnet_first = get(src, MOD_SUBNET_FIRST).single.boolean;

	int ret = read_masters(src, opts);
	if (ret == KNOT_EOK) {
		ret = read_sources(src, opts);
	}
	if (ret == KNOT_EOK) {
		ret = read_origin(src, opts);
	}
	if (ret == KNOT_EOK) {
		ret = read_naming(src, opts);
	}
	if (ret == KNOT_EOK) {
		ret = read_http(src, opts);
	}
	if (ret == KNOT_EOK) {
		ret = read_paths(src, opts);
	}
	if (ret == KNOT_EOK) {
		ret = check_pair(src, opts);
	}
	if (ret == KNOT_EOK && src->args != NULL) {
		ret = check_files(src, opts);
	}
	return ret;
}

static int make_options(struct source *src, struct settings **out)
{
	struct settings *opts = calloc(1, sizeof(*opts));
	int ret = KNOT_ENOMEM;
	if (opts != NULL) {
		opts->refs = 1;
		ret = read_options(src, opts);
	}
	if (ret == KNOT_EOK) {
		*out = opts;
	} else {
		settings_free(opts);
	}
	return ret;
}

int options_check(knotd_conf_check_args_t *args)
{
	/* Outlives the call: Knot prints the text after it. */
	static _Thread_local struct source src;
	src.args = args;

	struct settings *opts = NULL;
	unsigned turn = 0;
	int ret;
	do {
		ret = make_options(&src, &opts);
	} while (ret == KNOT_ENOMEM && pause_for_memory(&turn));
	settings_free(opts);
	if (ret == KNOT_EINVAL) {
		args->err_str = src.error;
		return ret;
	}
	/* Nothing is wrong with the section if there was no memory to look at it. */
	return KNOT_EOK;
}

int options_load(knotd_mod_t *mod, struct settings **out)
{
	struct source src = { .mod = mod };
	int ret = make_options(&src, out);
	if (ret == KNOT_EINVAL) {
		knotd_mod_log(mod, LOG_ERR, "%s", src.error);
	}
	return ret;
}

bool options_are_of(const struct settings *options, knotd_mod_t *mod, const knotd_conf_t *id)
{
	struct source src = { .mod = mod, .id = id };
	struct settings *others = NULL;
	bool same = make_options(&src, &others) == KNOT_EOK &&
	            settings_same_polling(options, others) &&
	            settings_same_naming(options, others) && settings_same_http(options, others) &&
	            options->ttl == others->ttl && options->max_age == others->max_age &&
	            options->answer_limit == others->answer_limit &&
	            options->subnet_first == others->subnet_first;
	settings_free(others);
	return same;
}
