package conformance

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/global"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	scm "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/scm/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/scm/v3/model"
)

// certificates is the published SCM client, for the whole account.
func certificates(t *testing.T) *scm.ScmClient {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(os.Getenv("MUSTER_DATA"), "credentials.json"))
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		DomainID string `json:"domain_id"`
	}
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	keys := known(t)
	auth, err := global.NewCredentialsBuilder().
		WithAk(keys.AccessKey).WithSk(keys.SecretKey).WithDomainId(found.DomainID).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	made, err := scm.ScmClientBuilder().WithEndpoints([]string{os.Getenv("MUSTER_ENDPOINT")}).
		WithCredential(auth).WithHttpConfig(config.DefaultHttpConfig()).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	return scm.NewScmClient(made)
}

// TestCertificateLifecycle orders, applies, exports, imports again, lists and deletes.
func TestCertificateLifecycle(t *testing.T) {
	c := certificates(t)
	order, err := c.SubscribeCertificate(&model.SubscribeCertificateRequest{Body: &model.PurchaseCertificateRequestBody{
		CertBrand: "GEOTRUST", CertType: "DV_SSL_CERT", DomainType: "SINGLE_DOMAIN", EffectiveTime: 1,
		DomainNumbers: 1, OrderNumber: 1, AgreePrivacyProtection: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	id := (*order.Cert)[0].CertId
	_, err = c.ApplyCertificate(&model.ApplyCertificateRequest{CertificateId: id, Body: &model.ApplyCertificateRequestBody{
		Domain: "go.example", ApplicantName: "a", ApplicantPhone: "13212345678", ApplicantEmail: "a@example.com",
		AgreePrivacyProtection: true, DomainMethod: "DNS", KeyAlgorithm: to("EC_P256"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.ExportCertificate(&model.ExportCertificateRequest{CertificateId: id})
	if err != nil {
		t.Fatal(err)
	}
	// The standard library takes the pair and builds the chain.
	if _, err := tls.X509KeyPair([]byte(*out.EntireCertificate), []byte(*out.PrivateKey)); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(*out.Certificate))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(*out.CertificateChain))
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "go.example"}); err != nil {
		t.Fatal(err)
	}
	imported, err := c.ImportCertificate(&model.ImportCertificateRequest{Body: &model.ImportCertificateRequestBody{
		Name: "go-import", Certificate: *out.Certificate, CertificateChain: out.CertificateChain, PrivateKey: *out.PrivateKey,
	}})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := c.ShowCertificate(&model.ShowCertificateRequest{CertificateId: *imported.CertificateId})
	if err != nil || *shown.Status != "UPLOAD" || *shown.Domain != "go.example" {
		t.Fatal(shown, err)
	}
	listed, err := c.ListCertificates(&model.ListCertificatesRequest{Content: to("go-import"), Limit: to(int32(10))})
	if err != nil || *listed.TotalCount != 1 {
		t.Fatal(listed, err)
	}
	for _, gone := range []string{id, *imported.CertificateId} {
		if _, err := c.DeleteCertificate(&model.DeleteCertificateRequest{CertificateId: gone}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.ExportCertificate(&model.ExportCertificateRequest{CertificateId: id})
	refused, ok := err.(*sdkerr.ServiceResponseError)
	if !ok || refused.StatusCode != 404 || refused.ErrorCode != "SCM.0020" || refused.RequestId == "" {
		t.Fatal(err)
	}
}

// TestCertificateRequest makes a request and takes its key.
func TestCertificateRequest(t *testing.T) {
	c := certificates(t)
	made, err := c.CreateCsr(&model.CreateCsrRequest{Body: &model.CreateCsrRequestBody{
		Name: "go-csr", DomainName: "go.example", PrivateKeyAlgo: "RSA_2048", Usage: "PERSONAL",
	}})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := c.ShowCsr(&model.ShowCsrRequest{Id: *made.Id})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(*shown.Csr))
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || request.CheckSignature() != nil || request.DNSNames[0] != "go.example" {
		t.Fatal(request, err)
	}
	key, err := c.ShowCsrPrivateKey(&model.ShowCsrPrivateKeyRequest{Id: *made.Id})
	if err != nil || !strings.HasPrefix(*key.PrivateKey, "-----BEGIN RSA PRIVATE KEY-----") {
		t.Fatal(err)
	}
	if _, err := c.DeleteCsr(&model.DeleteCsrRequest{Id: *made.Id}); err != nil {
		t.Fatal(err)
	}
}
