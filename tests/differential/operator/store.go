package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"time"

	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

// A store with a Secret and a ConfigMap called credentials. Both have a certificate as "certificate", the Secret also
// its key as "key" and a "token". In the namespace shop both are empty.
func newStore() (*assets.StoreBuilder, error) {
	certificate, key, err := newCertificate()
	if err != nil {
		return nil, err
	}
	name := metav1.ObjectMeta{Name: "credentials", Namespace: namespace}
	empty := metav1.ObjectMeta{Name: "credentials", Namespace: "shop"}
	client := fake.NewClientset(
		&corev1.Secret{
			ObjectMeta: name,
			Data:       map[string][]byte{"certificate": certificate, "key": key, "token": []byte("token")},
		},
		&corev1.ConfigMap{ObjectMeta: name, Data: map[string]string{"certificate": string(certificate)}},
		&corev1.Secret{ObjectMeta: empty},
		&corev1.ConfigMap{ObjectMeta: empty},
	)
	return assets.NewStoreBuilder(client.CoreV1(), client.CoreV1()), nil
}

func newCertificate() (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), nil
}
