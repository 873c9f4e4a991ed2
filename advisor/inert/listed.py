"""Who may be in an inert model: our own types by their full names, and those of others that a prediction needs.

The list is ours and never a file's: what a file says of itself is no boundary. A type is here if making one by setting
its attributes, to whatever the form can say, can do no more than make wrong predictions, raise, or take long: no
attribute of it is a command, a module to import, a pickle to load or a file to write, whatever its value. Whoever adds
one has to look for that, at `__setstate__`, at `predict` and `transform`, and at what a second `fit` would do.

What remains, and was weighed:

- An attribute may hide a method, but nothing else than the types and functions here can be put there.
- `folder` and `weights` of the encoders of sentences, words and pictures, and of nets trained beforehand, name files.
  These are read, as safetensors, JSON, .npy or Parquet, or by torch with weights_only, none of which run code.
- `Checkpoint` holds bytes that torch reads with weights_only.
- Boosted trees are read by the parsers of their libraries, and nets are run by torch; neither was made to be attacked,
  and a crash of the process cannot be ruled out. Nor was anything here: expressions that take for ever to match and
  counts beyond all memory end in a process that has to be stopped.
- Trees, support vector machines and neighbours of scikit-learn follow numbers without looking. `kinds` looks at them.
"""

from __future__ import annotations

# Modules, and their types that are made by their attributes.
_TYPES = {
    # What reads new rows as those of training, and makes numbers of them.
    "advisor.modalities.tabular.new_rows": "TypedTable",
    "advisor.modalities.tabular.forms": "Form Schema",
    "advisor.modalities.tabular.numbers": "Style",
    "advisor.modalities.tabular.columns": "Columns",
    "advisor.modalities.tabular.texts": "TextReader",
    "advisor.modalities.tabular.encode": "FrameEncoder MatrixEncoder NetEncoder OrdinalEncoder",
    "advisor.modalities.tabular.bag": "BagEncoder",
    "advisor.modalities.tabular.tokens": "WordsEncoder",
    "advisor.modalities.image.new_rows": "Schema TypedPictures",
    "advisor.modalities.image.encode": "Features Pixels Seen",
    "advisor.modalities.sequence.new_rows": "TypedSeries",
    "advisor.modalities.sequence.read": "Channel SeriesSchema",
    "advisor.modalities.sequence.long_tables": "Long",
    "advisor.modalities.sequence.encode": "SeriesEncoder Summaries",
    "advisor.estimators.sentences": "SentenceEncoder StatesEncoder",
    "advisor.estimators.word_vectors": "VectorsEncoder",
    # What answers, and what is told of its training.
    "advisor.contracts": "FitReport",
    "advisor.fitting.handing": "Labelled",
    "advisor.estimators.augmenting": "Generation Interpolation",
    "advisor.estimators.minirocket": "MiniRocketClassifier MiniRocketRegressor",
    "advisor.learners.autoencoder": "AutoencoderClassifier AutoencoderRegressor DenoisingFeatures _Beside _Pretrained",
    "advisor.learners.catboost": "CatBoostClassifier CatBoostRegressor",
    "advisor.learners.cnn": "CNNClassifier CNNRegressor",
    "advisor.learners.efficientnet_tuned": "_TunedClassifier _TunedRegressor",
    "advisor.learners.fcn": "FCNClassifier FCNRegressor",
    "advisor.learners.ft_transformer": "FTTransformerClassifier FTTransformerRegressor",
    "advisor.learners.inception": "InceptionClassifier InceptionRegressor",
    "advisor.learners.knn": "SmoothedNeighboursClassifier",
    "advisor.learners.lightgbm": "LightGBMClassifier LightGBMRegressor",
    "advisor.learners.lstm": "LSTMClassifier LSTMRegressor",
    "advisor.learners.minilm_tuned": "_TunedClassifier _TunedRegressor",
    "advisor.learners.mlp": "MLPClassifier MLPRegressor",
    "advisor.learners.modern_nca": "ModernNCAClassifier ModernNCARegressor",
    "advisor.learners.prior_fitted": "PriorFittedClassifier PriorFittedRegressor",
    "advisor.learners.realmlp": "RealMLPClassifier RealMLPRegressor",
    "advisor.learners.resnet": "ResNetClassifier ResNetRegressor",
    "advisor.learners.series_transformer": "SeriesTransformerClassifier SeriesTransformerRegressor",
    "advisor.learners.svm": "KernelSVC KernelSVR",
    "advisor.learners.tabm": "TabMClassifier TabMRegressor",
    "advisor.learners.text_bag": "TextBagClassifier TextBagRegressor",
    "advisor.learners.text_transformer": "TextTransformerClassifier TextTransformerRegressor",
    "advisor.learners.tfidf_svm": "CalibratedSVC",
    "advisor.learners.tree": "SmoothedTreeClassifier",
    "advisor.learners.xgboost": "XGBoostClassifier XGBoostRegressor",
    "sklearn.calibration": "CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration",
    "sklearn.decomposition._truncated_svd": "TruncatedSVD",
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.ensemble._forest":
        "ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor",
    "sklearn.ensemble._voting": "VotingClassifier VotingRegressor",
    "sklearn.feature_extraction.text": "TfidfTransformer TfidfVectorizer",
    "sklearn.frozen._frozen": "FrozenEstimator",
    "sklearn.linear_model._huber": "HuberRegressor",
    "sklearn.linear_model._logistic": "LogisticRegression",
    "sklearn.linear_model._ridge": "Ridge",
    "sklearn.model_selection._split": "StratifiedKFold",
    "sklearn.naive_bayes": "ComplementNB",
    "sklearn.neighbors._regression": "KNeighborsRegressor",
    "sklearn.pipeline": "FeatureUnion Pipeline",
    "sklearn.preprocessing._data": "QuantileTransformer StandardScaler",
    "sklearn.preprocessing._label": "LabelEncoder",
    "sklearn.svm._classes": "LinearSVC SVC SVR",
    "sklearn.tree._classes": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
    # Nets.
    "advisor.nets.blocks": "CategoryEmbedding Dropout MLP TableInput TableNet",
    "advisor.nets.cnn": "Block CNN Varied",
    "advisor.nets.efficientnet": "Block Convolution EfficientNetLite0 Tuned",
    "advisor.nets.embeddings": "LinearPeriodic",
    "advisor.nets.ft_transformer": "FTTransformer",
    "advisor.nets.minilm": "Top",
    "advisor.nets.minirocket": "Dilation",
    "advisor.nets.modern_nca": "Neighbours",
    "advisor.nets.prior_fitted": "Checkpoint",
    "advisor.nets.realmlp": "HiddenLayer RealMLP ScaledLinear Scaling",
    "advisor.nets.series": "FCN Inception Recurrent SeriesNet SeriesTransformer _Branches _Convolution",
    "advisor.nets.tabm": "TabM",
    "advisor.nets.texts": "Bag Reader TextNet Words",
    "rtdl_num_embeddings":
        "LinearEmbeddings PeriodicEmbeddings PiecewiseLinearEmbeddings _NLinear _Periodic "
        "_PiecewiseLinearEncodingImpl",
    "rtdl_revisiting_models":
        "CategoricalEmbeddings FTTransformer FTTransformerBackbone LinearEmbeddings MultiheadAttention ResNet "
        "_CLSEmbedding _ReGLU",
    "tabm": "ElementwiseAffine LinearEnsemble",
    "torch.nn.modules.activation": "GELU Mish MultiheadAttention ReLU SELU Sigmoid SiLU",
    "torch.nn.modules.batchnorm": "BatchNorm1d BatchNorm2d",
    "torch.nn.modules.container": "ModuleDict ModuleList Sequential",
    "torch.nn.modules.conv": "Conv1d Conv2d",
    "torch.nn.modules.dropout": "Dropout",
    "torch.nn.modules.flatten": "Flatten",
    "torch.nn.modules.linear": "Identity Linear NonDynamicallyQuantizableLinear",
    "torch.nn.modules.normalization": "LayerNorm",
    "torch.nn.modules.padding": "ZeroPad2d",
    "torch.nn.modules.pooling": "AdaptiveAvgPool2d AvgPool2d",
    "torch.nn.modules.rnn": "GRU LSTM",
    "torch.nn.modules.sparse": "Embedding",
    "torch.nn.modules.transformer": "TransformerEncoder TransformerEncoderLayer",
}  # fmt: skip
OBJECTS = frozenset(f"{module}.{name}" for module, names in _TYPES.items() for name in names.split())
# Types and functions that are attributes themselves. A function may come to be called with anything.
NAMES = frozenset(
    {"numpy.float32", "numpy.float64", "advisor.modalities.tabular.texts._beginning", "torch._C._nn.gelu"}
)
