package xds

import "github.com/signalbox-dev/signalbox/pkg/secret"

const secretType = "envoy.extensions.transport_sockets.tls.v3.Secret"

// Secret renders the file from which Envoy reads the credential of a backend:
// prefix and value are the text of the header. The result is a secret: it goes
// to a file of mode 0600 that replaces the old one by renaming.
func Secret(backend string, value secret.Value, prefix string) ([]byte, error) {
	return render(object{"resources": list{typed(secretType, header(backend, value, prefix))}})
}

// header is the credential of a backend as the text of its header.
func header(backend string, value secret.Value, prefix string) object {
	return object{
		"name":           backend,
		"generic_secret": object{"secret": object{"inline_string": prefix + value.Reveal()}},
	}
}
