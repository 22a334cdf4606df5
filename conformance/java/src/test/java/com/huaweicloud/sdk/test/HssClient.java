package com.huaweicloud.sdk.test;

import com.huaweicloud.sdk.core.ClientBuilder;
import com.huaweicloud.sdk.core.HcClient;
import com.huaweicloud.sdk.core.TypeCasts;
import com.huaweicloud.sdk.core.http.FieldExistence;
import com.huaweicloud.sdk.core.http.HttpMethod;
import com.huaweicloud.sdk.core.http.HttpRequestDef;
import com.huaweicloud.sdk.core.http.LocationType;

/**
 * The export call, which the newest HSS client on Maven Central lacks: made by the published core from a request
 * definition, as the generated clients do. It stands in the package of the reference page's sample, where it comes
 * before the client of that name, so that the sample compiles as it is printed.
 */
public final class HssClient {
    private final HcClient core;

    private HssClient(HcClient core) {
        this.core = core;
    }

    /** Builds a client as the published ones are built. */
    public static ClientBuilder<HssClient> newBuilder() {
        return new ClientBuilder<>(HssClient::new);
    }

    /** POST /v5/{project_id}/asset/export. */
    public DownloadAssetFileResponse downloadAssetFile(DownloadAssetFileRequest request) {
        HttpRequestDef.Builder<DownloadAssetFileRequest, DownloadAssetFileResponse> builder =
            HttpRequestDef.builder(HttpMethod.POST, DownloadAssetFileRequest.class, DownloadAssetFileResponse.class)
                .withName("DownloadAssetFile")
                .withUri("/v5/{project_id}/asset/export")
                .withContentType("application/json");
        builder.<String>withRequestField("asset_type", LocationType.Query, FieldExistence.NULL_IGNORE,
            TypeCasts.uncheckedConversion(String.class), f -> f.withMarshaller(r -> r.assetType, (r, v) -> r.assetType = v));
        builder.<String>withRequestField("category", LocationType.Query, FieldExistence.NULL_IGNORE,
            TypeCasts.uncheckedConversion(String.class), f -> f.withMarshaller(r -> r.category, (r, v) -> r.category = v));
        builder.<DownloadAssetFileRequestBody>withRequestField("body", LocationType.Body, FieldExistence.NULL_IGNORE,
            TypeCasts.uncheckedConversion(DownloadAssetFileRequestBody.class),
            f -> f.withMarshaller(r -> r.body, (r, v) -> r.body = v));
        return core.syncInvokeHttp(request, builder.build());
    }
}
