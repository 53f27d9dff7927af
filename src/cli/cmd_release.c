/* headgate release ...: look at a release, pack it into one file, sign it, check it. */
#include "headgate/file.h"
#include "headgate/report.h"
#include "private.h"

/* The argument, or --release, or the project's. */
static bool find_path(const struct options *options, char **ret_path, struct error *err)
{
    if (options->n_arguments == 0) {
        return project_migrations_path(options, ret_path, err);
    }
    if (options->release != NULL) {
        (void)error_set(err, ERROR_USAGE, "the release is named twice: \"%s\" and --release \"%s\"",
                        options->arguments[0], options->release);
        return error_hint(err, "Name it once.");
    }
    *ret_path = mem_copy(options->arguments[0]);
    return true;
}

static bool read_release(const struct options *options, struct release **ret_release,
                         struct error *err)
{
    CLEANUP(mem_freep) char *path = NULL;
    return find_path(options, &path, err) && release_read(path, ret_release, err);
}

static bool needs(const char *value, const char *usage, struct error *err)
{
    return value != NULL || error_set(err, ERROR_USAGE, "%s is missing", usage);
}

static bool run_show(const struct options *options, int *status, struct error *err)
{
    CLEANUP(release_freep) struct release *release = NULL;
    (void)status;
    if (!read_release(options, &release, err)) {
        return false;
    }
    report_release(release);
    return true;
}

static bool run_bundle(const struct options *options, int *status, struct error *err)
{
    CLEANUP(release_freep) struct release *release = NULL;
    (void)status;
    if (!needs(options->output, "-o FILE.tar.zst", err) || !read_release(options, &release, err) ||
        !release_bundle_write(release, options->output, options->force, err)) {
        return false;
    }
    report_release_file(release, "packed into", options->output);
    return true;
}

static bool run_sign(const struct options *options, int *status, struct error *err)
{
    CLEANUP(release_freep) struct release *release = NULL;
    CLEANUP(mem_freep) char *path = NULL;
    (void)status;
    if (!needs(options->key, "--key FILE", err) || !read_release(options, &release, err) ||
        !release_sign(release, options->key, &path, err)) {
        return false;
    }
    report_release_file(release, "signed in", path);
    return true;
}

static bool run_verify(const struct options *options, int *status, struct error *err)
{
    CLEANUP(release_freep) struct release *release = NULL;
    CLEANUP(mem_freep) char *signer = NULL;
    (void)status;
    if (!read_release(options, &release, err) ||
        (options->allowed_signers != NULL &&
         !release_verify_signature(release, options->allowed_signers, &signer, err))) {
        return false;
    }
    report_release_verified(release, signer);
    return true;
}

const struct command cmd_release_show = {
    .name = "release show",
    .arguments = "[PATH]",
    .summary = "what a release is: its digest, its migrations, their directives",
    .description =
        "Reads the whole release, reports every mistake in it with its place, and shows its "
        "digest and each migration with the first digits of its checksum, what its directives "
        "(-- headgate: ...) say, and its down.sql.\n\n"
        "PATH is a folder of migrations or a bundle; without it the project's release.",
    .most = 1,
    .run = run_show,
};

static const struct option bundle_options[] = {
    VALUE_LETTER("output", 'o', "FILE", output, "the file to write, such as shop.tar.zst"),
    FLAG("force", 0, force, "replace the file where it exists"),
    {0},
};

const struct command cmd_release_bundle = {
    .name = "release bundle",
    .arguments = "[PATH]",
    .summary = "pack a release into one file, to be promoted from machine to machine",
    .description =
        "Writes a .tar.zst with the migrations and, as its first member, release.json: the digest, "
        "and each file with its SHA-256. The same release gives the same bytes. Every command "
        "takes the file where it takes a folder of migrations: --release FILE.\n\n"
        "A file that exists and is another one is not replaced without --force.",
    .options = bundle_options,
    .most = 1,
    .run = run_bundle,
};

static const struct option sign_options[] = {
    VALUE("key", "FILE", key,
          "an SSH key: a private one, or a public one whose private half the SSH agent holds"),
    {0},
};

const struct command cmd_release_sign = {
    .name = "release sign",
    .arguments = "[PATH]",
    .summary = "sign a release with an SSH key",
    .description =
        "Has ssh-keygen sign the digest and writes the signature to PATH.sig. It is good for the "
        "folder and for every bundle of it alike, since they have one digest.",
    .options = sign_options,
    .most = 1,
    .run = run_sign,
};

static const struct option verify_options[] = {
    VALUE("allowed-signers", "FILE", allowed_signers,
          "who may have signed it, as ssh-keygen reads it: one line NAME KEYTYPE KEY for each"),
    {0},
};

const struct command cmd_release_verify = {
    .name = "release verify",
    .arguments = "[PATH]",
    .summary = "check a release, and who has signed it",
    .description =
        "Reads and hashes every file of the release; those of a bundle must be what its "
        "release.json says. With --allowed-signers the signature PATH.sig must be of this release "
        "and made by one of them.\n\n"
        "The exit status is 65 where the release is bad, or its signature missing or another's, "
        "and 4 where nobody who is allowed to has signed it.",
    .options = verify_options,
    .most = 1,
    .run = run_verify,
};
