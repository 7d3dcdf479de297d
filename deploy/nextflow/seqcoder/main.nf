process SEQCODER_SUBMIT {
    tag "$meta.id"
    label 'process_high'

    conda "${moduleDir}/environment.yml"
    container "seqcoder:latest"

    input:
    tuple val(meta), path(genomes, stageAs: 'corpus/*')

    output:
    tuple val(meta), path("${prefix}")                   , emit: archive
    tuple val(meta), path("${prefix}/manifest")          , emit: manifest
    tuple val(meta), path("${prefix}/seqcoder_mqc.json") , emit: mqc
    path "versions.yml"                                  , emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    seqcoder-ray submit corpus -o ${prefix} --workers ${task.cpus} --quiet ${args}
    seqcoder-ray verify ${prefix} --full --workers ${task.cpus} --quiet

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        seqcoder: \$(seqcoder --version)
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir -p ${prefix}/containers ${prefix}/manifest
    touch ${prefix}/containers/000000.sqc ${prefix}/seqcoder_mqc.json ${prefix}/_SUCCESS

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        seqcoder: \$(seqcoder --version)
    END_VERSIONS
    """
}
