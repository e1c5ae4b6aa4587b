/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "module/options_naming.h"

void naming_read_visibility(struct source *src, const yp_name_t *item, struct settings *opts)
{
	static const uint8_t all = 1 << VISIBILITY_FRAMEWORK | 1 << VISIBILITY_CLUSTER |
	                           1 << VISIBILITY_EXTERNAL;

	knotd_conf_t conf = get(src, item);
	uint8_t found = 0;
	for (size_t i = 0; i < conf.count; i++) {
		found |= (uint8_t)(1 << conf.multi[i].option);
	}
	opts->visibility = found == all ? 0 : found;
	knotd_conf_free(&conf);
}

static int read_network(struct source *src, const yp_name_t *item, struct settings *opts,
                        const char *name)
{
	if (*name == '\0') {
		return complain(src, item, "a network without a name");
	}
	char *copy = strdup(name);
	if (copy == NULL) {
		return KNOT_ENOMEM;
	}
	opts->networks[opts->networks_count++] = (struct text){ copy, (uint32_t)strlen(copy) };
	return KNOT_EOK;
}

int naming_read_networks(struct source *src, const yp_name_t *item, struct settings *opts)
{
	knotd_conf_t conf = get(src, item);
	int ret = KNOT_EOK;
	if (conf.count > WANTS_KEYS_MAX) {
		ret = complain(src, item, "more than %d networks", WANTS_KEYS_MAX);
	} else if (conf.count > 0) {
		opts->networks = calloc(conf.count, sizeof(*opts->networks));
		ret = opts->networks != NULL ? KNOT_EOK : KNOT_ENOMEM;
	}
	for (size_t i = 0; i < conf.count && ret == KNOT_EOK; i++) {
		ret = read_network(src, item, opts, conf.multi[i].string);
	}
	knotd_conf_free(&conf);
	return ret;
}

int naming_read_formats(struct source *src, const yp_name_t *item, struct settings *opts)
{
	knotd_conf_t conf = get(src, item);
	int ret = KNOT_EOK;
	if (conf.count > FORMATS_MAX) {
		ret = complain(src, item, "more than %d formats", FORMATS_MAX);
	} else if (conf.count > 0) {
		opts->formats = calloc(conf.count, sizeof(*opts->formats));
		ret = opts->formats != NULL ? KNOT_EOK : KNOT_ENOMEM;
	}
	for (size_t i = 0; i < conf.count && ret == KNOT_EOK; i++) {
		const char *text = conf.multi[i].string;
		const char *error = format_parse(text, opts->rules, &opts->formats[i]);
		opts->formats_count++;
		if (error != NULL) {
			ret = complain(src, item, "'%.200s': %s", text, error);
		}
	}
	knotd_conf_free(&conf);
	return ret;
}

/*! \brief Makes the key of a label; KNOT_EOK or KNOT_ENOMEM. */
static int make_key(const char *prefix, const char *word, char **key)
{
	size_t len = strlen(prefix) + strlen(word) + 1;
	*key = malloc(len);
	if (*key == NULL) {
		return KNOT_ENOMEM;
	}
	snprintf(*key, len, "%s%s", prefix, word);
	return KNOT_EOK;
}

int naming_read_prefix(struct source *src, const yp_name_t *item, struct settings *opts)
{
	knotd_conf_t conf = get(src, item);
	int ret = KNOT_EOK;
	if (conf.count > 0 && *conf.single.string == '\0') {
		ret = complain(src, item, "an empty prefix, which would be of any label");
	} else if (conf.count > 0) {
		ret = make_key(conf.single.string, "weight", &opts->label_weight);
		if (ret == KNOT_EOK) {
			ret = make_key(conf.single.string, "priority", &opts->label_priority);
		}
		if (ret == KNOT_EOK) {
			ret = make_key(conf.single.string, "hide", &opts->label_hide);
		}
	}
	knotd_conf_free(&conf);
	return ret;
}
