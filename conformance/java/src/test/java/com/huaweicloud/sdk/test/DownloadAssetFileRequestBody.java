package com.huaweicloud.sdk.test;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/** See {@link HssClient}. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public final class DownloadAssetFileRequestBody {
    @JsonProperty("export_headers")
    private List<List<String>> exportHeaders;

    public DownloadAssetFileRequestBody withExportHeaders(List<List<String>> exportHeaders) {
        this.exportHeaders = exportHeaders;
        return this;
    }
}
