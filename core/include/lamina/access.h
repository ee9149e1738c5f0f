/* How places on a network are reached: what the program knows of its environment, as the
 * library looks at none. All of it outlives the images that are opened with it; a NULL in
 * its place means that there is nothing. */
#ifndef LAMINA_ACCESS_H
#define LAMINA_ACCESS_H

#include <stdbool.h>

struct lam_access {
	bool insecure; /* certificates are not looked at, and where a host speaks no
				 TLS, plain HTTP is spoken */
	const char *cert_dir; /* a folder of *.crt (trusted besides the system's), and of
				 *.cert with *.key (this client's) */
	const char *const *cert_dirs; /* folders that have such a folder for each host, by
					 its name; ends with NULL */
	const char
		*auth_text; /* credentials as config.json has them: $DOCKER_AUTH_CONFIG */
	const char *const *auth_files; /* the same in files, which may not be there; the
					  first that knows the host counts; ends with NULL */
	const char *blobs; /* folder of blobs that were fetched, made where it is missing;
				  runs may share it, and anybody may empty it */
	bool keeps_blobs;  /* what is fetched is put there; else only used from there */
	const char *docker_host;  /* of Docker's engine: "unix://PATH", "tcp://HOST:PORT";
				     NULL: its usual socket */
	const char *docker_certs; /* folder of ca.pem, cert.pem and key.pem for TLS,
				     each as far as it is there */
	const char *podman_host;  /* of Podman's service; NULL: none runs, and its
				     program is asked */
	const char *temporary;    /* folder for what is on its way; NULL: /tmp */
};

#endif
